// What this browser keeps for on-site collecting: pictures until the server has them, and
// the list of one station while somebody collects. Both are personal data, so each goes as
// soon as it may.

const ROSTER = "bizhao-on-site-roster";

function asked(request) {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

async function use(name, mode, work) {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("all", { keyPath: "key" });
  const db = await asked(opening);
  try {
    const transaction = db.transaction("all", mode, { durability: "strict" });
    const ended = new Promise((done, failed) => {
      transaction.oncomplete = done;
      transaction.onabort = () => failed(transaction.error);
    });
    const result = await asked(work(transaction.objectStore("all")));
    // A picture is kept when it is on the disk, not when it was handed over.
    await ended;
    return result;
  } finally {
    db.close();
  }
}

function place(name) {
  return {
    get: (key) => use(name, "readonly", (all) => all.get(key)),
    all: () => use(name, "readonly", (all) => all.getAll()),
    put: (value) => use(name, "readwrite", (all) => all.put(value)),
    remove: (key) => use(name, "readwrite", (all) => all.delete(key)),
    clear: () => use(name, "readwrite", (all) => all.clear()),
  };
}

export const pictures = place("bizhao-on-site");
export const rosters = place(ROSTER);
