"""The commands that ask what there is, and what was reported."""

from typing import Annotated

import typer

from ..app import Api, BaseUrl, Json, KeyFile, ShowPersons, VersionName, Where, app, command
from ..settings import Target
from ..trouble import Exit


@app.command()
@command
def apis(as_json: Json = False) -> Exit:
    """List the APIs, their versions and operations. This needs no key and no network.

    Example: `sdir apis`
    """
    from ..ask import show_apis

    return show_apis(as_json=as_json)


@app.command()
@command
def codes(
    api: Api,
    search: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="Show only codes that contain this text.")
    ] = None,
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> Exit:
    """List the codes that records can have. Sdir adds new ones from time to time.

    Example: `sdir codes course`

    Example: `sdir codes seagoing styrmann`
    """
    from ..ask import show_codes

    target = Target(environment, base_url, key_file)
    return show_codes(api, version, search, target, as_json=as_json)


@app.command()
@command
def get(
    api: Api,
    uid: Annotated[
        str, typer.Argument(metavar="UID", help="The identifier that Sdir gave the record.")
    ],
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    show_persons: ShowPersons = False,
    as_json: Json = False,
) -> Exit:
    """Show one reported record.

    Example: `sdir get course 3fa85f64-5717-4562-b3fc-2c963f66afa6`
    """
    from ..ask import show_one

    target = Target(environment, base_url, key_file)
    return show_one(api, version, uid, target, show_persons=show_persons, as_json=as_json)


@app.command("list")
@command
def list_(
    api: Api,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="FILTER=VALUE",
            help="Show only matching records. `FILTER=-` asks for the value, to keep it out of the"
            " shell history. Can be repeated.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum number of records.")
    ] = 100,
    version: VersionName = None,
    environment: Where = "test",
    base_url: BaseUrl = None,
    key_file: KeyFile = None,
    show_persons: ShowPersons = False,
    as_json: Json = False,
) -> Exit:
    """List reported records.

    Example: `sdir list course --limit 10`

    Example: `sdir list course --where personId=-`
    """
    from ..ask import show_list

    target = Target(environment, base_url, key_file)
    wanted = tuple(where or ())
    return show_list(
        api, version, wanted, limit, target, show_persons=show_persons, as_json=as_json
    )
