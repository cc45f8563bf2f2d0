"""``bizhao demo``: the whole student flow over HTTP, step by step, with a real photo."""

from __future__ import annotations

import io
import sys
from typing import Any, Final

import click
import requests

from backend.cli import demo_data
from backend.cli.context import DEMO_FILE, demo_settings, open_services
from backend.domain.codes import parse_collection_code
from backend.imaging.sample_card import draw_sample_card
from backend.imaging.sample_photo import sample_portrait
from backend.messages.findings import clause_text
from backend.services.staff import OPERATOR

_TIMEOUT_SECONDS: Final = 60


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option(
    "--photo",
    type=click.File("rb"),
    help="A portrait; by default the NASA portrait that scikit-image brings.",
)
@click.option("--student", "number", type=click.IntRange(1, 12), default=1)
def demo(url: str, photo: io.BufferedReader | None, number: int) -> None:
    """Go from the entry to a confirmed submission against a running `make run`."""
    url = url.rstrip("/")
    data = photo.read() if photo else _sample()
    if not DEMO_FILE.is_file():
        raise click.ClickException(
            f"There is no demonstration here ({DEMO_FILE}): start `make run` in this "
            "folder first."
        )
    services, _ = open_services(demo_settings(url))
    campaign = services.stations.campaigns(OPERATOR)[0]
    token = services.stations.entries(OPERATOR, campaign.id)[0].token
    student = demo_data.demo_students()[number - 1]
    code = parse_collection_code(demo_data.demo_code(student))
    card = draw_sample_card(code, school_name=demo_data.SCHOOL)
    with requests.Session() as client:
        client.trust_env = False
        try:
            _walk(client, f"{url}/api/v1", token, card, student.id_number[-6:], data)
        except requests.RequestException:
            # Not chained and not quoted: its text holds the entry's token.
            raise click.ClickException(
                f"{url} does not answer as the service does; is `make run` running?"
            ) from None


def _walk(
    client: requests.Session,
    api: str,
    token: str,
    card: bytes,
    last6: str,
    photo: bytes,
) -> None:
    def post(path: str, **sent: Any) -> requests.Response:
        return client.post(f"{api}{path}", timeout=_TIMEOUT_SECONDS, **sent)

    entry = f"/entries/{token}"
    _step(
        "1. the entry", client.get(f"{api}{entry}", timeout=_TIMEOUT_SECONDS), "state"
    )
    session = _step("2. sign-in as a browser", post("/sessions"))
    client.headers["Authorization"] = f"Bearer {session['token']}"
    consents = {"portrait": True, "identity_number": True}
    _step("3. both consents", post(f"{entry}/consents", json=consents))
    files = {"picture": ("card.png", card, "image/png")}
    reading = _step(
        "4. the card picture",
        post(f"{entry}/code-readings", files=files),
        "fingerprint",
    )
    body = {"reading_id": reading["public_id"], "id_last6": last6}
    binding = _step("5. binding", post(f"{entry}/bindings", json=body), "status")
    sent = {"photo": ("portrait.png", photo, "image/png")}
    submission = _step(
        "6. the photo",
        post(f"/bindings/{binding['public_id']}/submissions", files=sent),
        "status",
    )
    _explain(submission)
    passed = submission["can_confirm"]
    action = "confirmation" if passed else "review-request"
    _step(
        f"7. {'confirmed' if passed else 'refused by the rules, so a person is asked'}",
        post(f"/submissions/{submission['public_id']}/{action}"),
        "status",
    )


def _explain(submission: dict[str, Any]) -> None:
    for finding in submission["report"]["findings"]:
        if finding["status"] in {"fail", "warn"}:
            click.echo(f"     {finding['status']}: {finding['what']}")
            click.echo(f"           {clause_text(finding['clauses'])}")


def _step(name: str, answer: requests.Response, shown: str = "") -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if not answer.ok:
        click.echo(
            f"{name}: {answer.status_code} {body.get('code')}: {body.get('title')}"
        )
        sys.exit(1)
    extra = f", {shown} = {body[shown]}" if shown else ""
    click.echo(f"{name}: {answer.status_code}{extra}")
    return body


def _sample() -> bytes:
    try:
        return sample_portrait()
    except ImportError:
        raise click.ClickException(
            "The demonstration photo comes with scikit-image: run `make test` once, "
            "or name your own with --photo."
        ) from None
