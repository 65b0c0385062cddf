"""``mirante keys``: API keys of client applications."""

from __future__ import annotations

import click

from app.api.scopes import Scope
from app.bootstrap.paths import claimed_paths, paths_in
from app.cli.context import pass_settings, plain_table, say, stderr, stdout
from app.settings import Settings
from foundation.clock import SystemClock


@click.group()
def keys() -> None:
    """API keys: create, list, revoke."""


@keys.command()
@click.argument("client")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    default=(Scope.DECISIONS_WRITE.value, Scope.DECISIONS_READ.value),
    show_default=True,
    help="Can be given several times.",
)
@pass_settings
def create(settings: Settings, client: str, scopes: tuple[str, ...]) -> None:
    """Create a key for CLIENT. The key is printed once and stored as a hash."""
    from app.api.keys import create_key

    path = claimed_paths(settings).api_keys
    key, secret = create_key(path, client, [Scope(scope) for scope in scopes], SystemClock().now())
    stderr.print(f"Key {key.key_id} of {client}, scopes {', '.join(sorted(key.scopes))}. Shown once:")
    click.echo(secret)


@keys.command(name="list")
@pass_settings
def list_(settings: Settings) -> None:
    """List the keys, including revoked ones; secrets are not stored, so they are never shown."""
    from app.api.keys import list_keys

    table = plain_table("id", "client", "scopes", "created", "revoked")
    for key in list_keys(paths_in(settings).api_keys):
        revoked = "" if key.revoked_at is None else f"{key.revoked_at:%Y-%m-%d %H:%M}"
        scopes = " ".join(sorted(key.scopes))
        table.add_row(key.key_id, key.client, scopes, f"{key.created_at:%Y-%m-%d %H:%M}", revoked)
    stdout.print(table)


@keys.command()
@click.argument("key_id")
@pass_settings
def revoke(settings: Settings, key_id: str) -> None:
    """Revoke a key; running servers refuse it within a second."""
    from app.api.keys import revoke_key

    key = revoke_key(paths_in(settings).api_keys, key_id, SystemClock().now())
    say(f"Key {key.key_id} of {key.client} is revoked.")
