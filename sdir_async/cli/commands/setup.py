"""The commands around it: the key, what may be wrong, and a local Sdir."""

import sys

import typer

from ..app import BaseUrl, Json, KeyFile, Where, app, command
from ..settings import Target, remove_from_keyring, store_in_keyring
from ..trouble import Exit, Trouble


@app.command()
@command
def login(environment: Where = "test") -> Exit:
    """Put the key into the system's keyring, where the other commands find it.

    It is asked for and not shown; where there is no terminal, it is read from standard input. A
    secondary key may follow in a second line, or after a space.

    Example: `sdir login --environment production`
    """
    if sys.stdin.isatty():
        key = str(typer.prompt(f"Subscription key for {environment}", hide_input=True, err=True))
    else:
        key = sys.stdin.read()
    store_in_keyring(environment, key)
    sys.stderr.write(f"The key for {environment} is in the keyring now.\n")
    return Exit.DONE


@app.command()
@command
def logout(environment: Where = "test") -> Exit:
    """Remove the key from the system's keyring.

    Example: `sdir logout`
    """
    if not remove_from_keyring(environment):
        raise Trouble(f"The keyring has no key for {environment}.")
    sys.stderr.write(f"The key for {environment} is no longer in the keyring.\n")
    return Exit.DONE


@app.command()
@command
def doctor(
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> Exit:
    """Look whether all is well: the key, the host, the versions, the clock; say what to do if not.

    Nothing is reported: only harmless questions are asked.

    Example: `sdir doctor --environment production`
    """
    from ..doctor import examine

    return examine(Target(environment, base_url, key_file), as_json=as_json)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
@command
def sandbox(context: typer.Context) -> Exit:
    """Start a local Sdir to try things with; `sdir sandbox --help` lists its options.

    It is an extra of its own: `pip install "sdir-async[cli,sandbox]"`.

    Example: `sdir sandbox --port 8400`
    """
    try:
        from ...sandbox.__main__ import main
    except ModuleNotFoundError as error:
        raise Trouble(str(error)) from None
    return Exit(Exit.STOPPED if main(context.args) else Exit.DONE)
