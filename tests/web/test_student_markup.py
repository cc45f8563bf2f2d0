"""What keyboards and screen readers need, on every student's page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backend import web
from tests.web.student_support import (
    Browser,
    Stage,
    bind,
    consent,
    file,
    make_stage,
    upload,
)


class Reader(HTMLParser):
    """Collects what the checks look at."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag in names]


def problems(html: str) -> list[str]:
    """Return what is wrong with a page's markup."""
    page = Reader()
    page.feed(html)
    ids = [a["id"] for _, a in page.tags if a.get("id")]
    labels = {a.get("for") for a in page.all("label")}
    found = [f"id twice: {i}" for i in ids if ids.count(i) > 1]
    fields = page.all("input", "textarea", "select")
    shown = [a for a in fields if a.get("type") != "hidden"]
    found += [f"no label: {a}" for a in shown if a.get("id") not in labels]
    found += [f"no alt: {a}" for a in page.all("img") if a.get("alt") is None]
    for _, attrs in page.tags:
        found += [f"inline: {n}" for n in attrs if n == "style" or n.startswith("on")]
        for name in ("aria-describedby", "aria-labelledby"):
            wanted = (attrs.get(name) or "").split()
            found += [f"{name}: {i}" for i in wanted if i not in ids]
    anchors = [(a.get("href") or "") for a in page.all("a")]
    found += [
        f"leads nowhere: {h}" for h in anchors if h[:1] == "#" and h[1:] not in ids
    ]
    found += ["inline script" for a in page.all("script") if not a.get("src")]
    found += ["inline style" for _ in page.all("style")]
    heads = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    if heads.count(1) != 1:
        found.append(f"headings: {heads}")
    html_tag = page.all("html")[0]
    if html_tag.get("lang") != "zh-CN":
        found.append("no language")
    if not any(h == "#content" for h in anchors[:1]):
        found.append("no skip link")
    return found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every page and state once, by name."""
    stage = make_stage(tmp_path_factory.mktemp("pages"), album_allowed=False)
    return _collect(stage, Browser(stage.app.test_client()))


def _collect(stage: Stage, browser: Browser) -> dict[str, str]:
    seen: dict[str, str] = {}

    def see(name: str, path: str) -> None:
        browser.get(path)
        seen[name] = browser.text

    start = f"/s/{stage.token}"
    see("entry", start)
    see("unknown", "/s/none")
    see("guide", f"{start}/guide")
    see("examples", f"{start}/photo-examples")
    see("consent", f"{start}/consent")
    browser.post(f"{start}/consent")
    seen["consent wrong"] = browser.text
    consent(browser, stage.token)
    see("code", f"{start}/code")
    browser.post(f"{start}/code")
    seen["code wrong"] = browser.text
    browser.post(f"{start}/code", {"text": "Zx9" * 20})
    seen["bind"] = browser.text
    browser.post(browser.path, {"id_last6": "1"})
    seen["bind wrong"] = browser.text
    binding = bind(browser, stage, 3)
    seen["bound"] = browser.text
    see("photo", f"{start}/photo/{binding}")
    browser.post(browser.path, {"photo": file(b"x", "broken.jpg")})
    seen["photo wrong"] = browser.text
    submission = ""
    for n, kind in enumerate(("fail", "warn", "pass")):
        submission = upload(browser, stage, binding, kind, seed=n)
        seen[f"report {kind}"] = browser.text
    see("mine", "/me/")
    browser.post(f"{start}/submission/{submission}/confirm")
    seen["status"] = browser.text
    see("withdraw", f"{start}/submission/{submission}/withdraw")
    see("withdraw consent", f"{start}/consent/withdraw")
    see("docs", "/api/v1/docs")
    return seen | _erase(browser, binding)


def _erase(browser: Browser, binding: str) -> dict[str, str]:
    seen = {}
    for name, path in (("my data", "/me/data"), ("erase", f"/me/erase/{binding}")):
        browser.get(path)
        seen[name] = browser.text
    browser.post(browser.path)
    return seen | {"receipt": browser.text}


def test_every_page_is_sound_for_keyboards_and_readers(pages: dict[str, str]) -> None:
    assert {
        name: problems(html) for name, html in pages.items() if problems(html)
    } == {}


def test_every_page_says_in_its_title_what_it_is(pages: dict[str, str]) -> None:
    titles = {
        name: re.findall(r"<title>([^<]*)</title>", html)
        for name, html in pages.items()
    }
    assert all(len(title) == 1 and len(title[0]) > 6 for title in titles.values())
    assert all(titles[n][0].startswith("错误：") for n in titles if n.endswith("wrong"))


def test_each_form_carries_its_token_and_none_needs_a_script(
    pages: dict[str, str],
) -> None:
    for name, html in pages.items():
        forms = re.findall(r"<form[^>]*>.*?</form>", html, re.DOTALL)
        assert all('name="csrf_token"' in form for form in forms), name
        assert all("<button" in form for form in forms), name


def test_progress_is_told_without_colour(pages: dict[str, str]) -> None:
    assert pages["photo"].count("（已完成）") == 3
    assert pages["photo"].count('aria-current="step"') == 1
    assert 'aria-live="polite"' in pages["photo"]


def test_our_colours_have_enough_contrast() -> None:
    css = (Path(web.__file__).parent / "static" / "student.css").read_text("utf-8")
    value = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", css))
    pairs = [
        ("ink", "paper"), ("ink-2", "paper"), ("ink-2", "ground"), ("accent", "paper"),
        ("accent", "ground"), ("accent", "accent-soft"), ("good", "good-bg"),
        ("warn", "warn-bg"), ("bad", "bad-bg"), ("info", "info-bg"), ("good", "paper"),
        ("bad", "paper"), ("warn", "paper"), ("info", "paper"), ("ink-2", "accent-soft"),
    ]  # fmt: skip
    low = {p: contrast(value[p[0]], value[p[1]]) for p in pairs}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2, 1.4.3)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
