"""The commands about the key."""

import sys
from typing import Annotated

import typer

from ..app import Where, app, command
from ..keyring import remove_from_keyring
from ..maskinporten import entry_of, store_password
from ..settings import store_key
from ..trouble import Exit, Trouble
from ..words import say, unsaid


@app.command()
@command
def login(
    environment: Where = "test",
    maskinporten: Annotated[
        bool,
        typer.Option(
            "--maskinporten", help="Store the password of the key for Maskinporten instead."
        ),
    ] = False,
) -> Exit:
    """Store the key in the system's keyring, where the other commands find it.

    The command asks for the key and does not show it. Without a terminal it reads the key from
    standard input. A secondary key can follow on a second line or after a space. With
    `--maskinporten` it stores the password of the key file for Maskinporten, which `sdir.toml`
    names.

    Example: `sdir login --environment production`
    """
    asked = (
        say("Password of the key for Maskinporten for {environment}", environment=environment)
        if maskinporten
        else say("Subscription key for {environment}", environment=environment)
    )
    if sys.stdin.isatty():
        secret = str(typer.prompt(asked, hide_input=True, err=True))
    else:
        secret = sys.stdin.read()
    if maskinporten:
        store_password(environment, secret)
        said = unsaid("The password for {environment} is stored in the keyring.\n")
    else:
        store_key(environment, secret)
        said = unsaid("The key for {environment} is stored in the keyring.\n")
    sys.stderr.write(say(said, environment=environment))
    return Exit.DONE


@app.command()
@command
def logout(environment: Where = "test") -> Exit:
    """Remove the key, and the password of the key for Maskinporten, from the system's keyring.

    Example: `sdir logout`
    """
    entries = (environment, entry_of(environment))
    removed = [remove_from_keyring(entry) for entry in entries]
    if not any(removed):
        raise Trouble("The keyring has no key for {environment}.", environment=environment)
    said = say("The key for {environment} was removed from the keyring.\n", environment=environment)
    sys.stderr.write(said)
    return Exit.DONE
