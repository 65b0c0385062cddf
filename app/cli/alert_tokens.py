"""``mirante alerts token``: what senders and tools show the router."""

from __future__ import annotations

import click

from alarms.model.access_token import TokenScope
from app.cli.alerts import BY, desk_of
from app.cli.context import counted, echo_json, json_option, list_table, pass_settings, say, stderr, stdout
from app.settings import Settings


@click.group()
def token() -> None:
    """Tokens of senders and tools: create, list, revoke."""


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in TokenScope]),
    default=TokenScope.SEND.value,
    show_default=True,
    help="What its bearer may do; who may write may also read.",
)
@click.option(
    "--hooks", default="", help="The only hooks it may send to, separated by commas.  [default: all]"
)
@BY
@pass_settings
def create(settings: Settings, name: str, scope: str, hooks: str, by: str) -> None:
    """Create a token for NAME, the sender or tool. It is printed once and stored as a hash.

    A second token of the same name is the same sender: change over to it, then revoke the first by its id.
    """
    only = [hook.strip() for hook in hooks.split(",") if hook.strip()]
    made = desk_of(settings).tokens.create(name, TokenScope(scope), only, by)
    where = f" to {', '.join(made.token.hooks)}" if made.token.hooks else ""
    stderr.print(f"Token {made.token.id} of {name}, may {scope}{where}. Shown once:", markup=False)
    click.echo(made.secret)


@token.command(name="list")
@json_option
@pass_settings
def list_(settings: Settings, as_json: bool) -> None:
    """List the tokens, including revoked ones; they are stored as hashes, so they are never shown."""
    found = desk_of(settings).tokens.listed()
    if as_json:
        echo_json(found)
        return
    if not found:
        say("There are no tokens besides the operator's.")
        return
    table = list_table("id", "name", "may", "hooks", "created (UTC)", "by", "revoked (UTC)", "by")
    for each in found:
        revoked = "" if each.revoked_at is None else f"{each.revoked_at:%Y-%m-%d %H:%M}"
        created = f"{each.created_at:%Y-%m-%d %H:%M}"
        hooks = ", ".join(each.hooks)
        table.add_row(
            each.id, each.name, each.scope.value, hooks, created, each.created_by, revoked, each.revoked_by
        )
    stdout.print(table)


@token.command()
@click.argument("which")
@BY
@pass_settings
def revoke(settings: Settings, which: str, by: str) -> None:
    """Revoke the token with this id, or every token of this name; routers refuse it at once."""
    revoked = desk_of(settings).tokens.revoke(which, by)
    say(f"{counted(len(revoked), 'token')} of {revoked[0].name} revoked: {', '.join(t.id for t in revoked)}.")
