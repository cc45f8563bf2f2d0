// Lets the on-site page open without a line. It keeps the bare page, which names nobody, and
// our own static files; answers of the API and pictures are never kept.
"use strict";

const CACHE = "bizhao-on-site", PATIENCE_MS = 5000;
const SCOPE = new URL(self.registration.scope).pathname;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  if (event.data.keep) event.waitUntil(keep(event.data.keep).then((kept) => event.source.postMessage({ kept })));
});

self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname.startsWith(SCOPE)) event.respondWith(page(request, pathname));
  else if (pathname.includes("/static/")) event.respondWith(file(request));
});

// The files first: a kept page without its scripts would be no use.
async function keep(shell) {
  try {
    const answer = await fetch(shell, { credentials: "same-origin", cache: "no-store" });
    // Signed out, the way leads to the sign-in page.
    if (!answer.ok || answer.redirected) return false;
    const found = (await answer.clone().text()).matchAll(/(?:href|src)="([^"]*\/static\/[^"]+)"/g);
    const cache = await caches.open(CACHE);
    await cache.addAll([...new Set(Array.from(found, (match) => match[1]))]);
    await cache.put(shell, answer);
    return true;
  } catch (error) {
    return false;
  }
}

async function page(request, pathname) {
  const cache = await caches.open(CACHE);
  const shells = (await cache.keys()).filter((kept) => kept.url.endsWith("/shell"));
  const kept = (await cache.match(`${pathname}/shell`)) || (shells.length ? await cache.match(shells[0]) : undefined);
  if (!kept) return fetch(request);
  try {
    const answer = await patiently(request);
    return answer.status >= 500 ? kept : answer;
  } catch (error) {
    return kept;
  }
}

async function file(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await patiently(request);
    if (answer.ok && (await cache.match(request))) await cache.put(request, answer.clone());
    return answer;
  } catch (error) {
    return (await cache.match(request)) || Response.error();
  }
}

function patiently(request) {
  return new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error("late")), PATIENCE_MS);
    fetch(request).then(done, failed).finally(() => clearTimeout(late));
  });
}
