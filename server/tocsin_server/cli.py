"""The command line: reads settings, calls one function each, turns a wrong set-up into one sentence and exit code 2."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.consents import list_senders
from tocsin.database import find_drift
from tocsin.database import migrate as apply_migrations
from tocsin.settings import check_secret, read_settings
from tocsin.times import tell_time
from tocsin.words import Role
from tocsin_server import operations_command
from tocsin_server.authentication import issue_token
from tocsin_server.explaining import explaining, with_database

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(operations_command.app)


def Share(noun: str) -> Any:  # noqa: N802 - it stands where a type's annotation stands
    """Return the option of a share from 0 to 1."""
    return typer.Option(min=0, max=1, help=f"Share (0 to 1) of {noun}.")


Slug = Annotated[str, typer.Option(help="The municipality's short name.")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; PORT otherwise.")] = None,
    fd: Annotated[
        int | None, typer.Option(min=3, help="Number of a listening socket that was handed over, systemd's first is 3.")
    ] = None,
) -> None:
    """Serve the API and the webhooks; without Redis, do the jobs too."""
    from tocsin_server import serving

    with explaining():
        chosen = {"host": host, "port": port}
        settings = read_settings(**{name: value for name, value in chosen.items() if value is not None})
        serving.serve(settings, descriptor=fd)


@app.command()
def work() -> None:
    """Do the jobs alone, beside web processes with the same DATABASE_URL and REDIS_URL."""
    from tocsin_server import serving

    with explaining():
        serving.work(read_settings())


@app.command()
def migrate(
    check: Annotated[bool, typer.Option("--check", help="Only say whether a migration is missing.")] = False,
) -> None:
    """Bring the database up to date; safe to run from several places at once."""
    with explaining():
        if check:
            drift = asyncio.run(find_drift())
            print("Records and migrations agree." if not drift else f"A migration is missing: {', '.join(drift)}")
            raise typer.Exit(1 if drift else 0)
        with_database(
            read_settings(), lambda url: print("\n".join(asyncio.run(apply_migrations(url))) or "Up to date.")
        )


@app.command()
def token(
    municipality: Slug,
    role: Annotated[Role, typer.Option(case_sensitive=False, help="What the bearer may do.")] = Role.OPERATOR,
    subject: Annotated[str, typer.Option(help="Who the bearer is.")] = "operator",
    name: Annotated[str, typer.Option(help="How others see the bearer.")] = "Operator",
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366, help="How long it is good.")] = 12,
) -> None:
    """Print a bearer token."""
    with explaining():
        settings = read_settings()
        check_secret(settings)
        lifetime = timedelta(hours=hours)
        now = tell_time()
        print(
            issue_token(
                settings, municipality=municipality, subject=subject, name=name, role=role, now=now, lifetime=lifetime
            )
        )


@app.command()
def revoke(municipality: Slug, subject: Annotated[str, typer.Option(help="Whose tokens end now.")]) -> None:
    """End every token that a principal holds; new ones are good."""
    from tocsin.database import open_database
    from tocsin.principals import revoke as end_tokens

    async def end(url: str) -> None:
        async with open_database(url):
            await end_tokens(municipality, subject, tell_time())

    with explaining():
        with_database(read_settings(), lambda url: asyncio.run(end(url)))


@app.command("import-citizens")
def import_citizens(
    file: Annotated[Path, typer.Argument(help="CSV (UTF-8) or .xlsx.")],
    municipality: Slug,
    create: Annotated[str | None, typer.Option(help="Its full name, where it has to be made first.")] = None,
) -> None:
    """Take a municipality's citizens in; bad rows are listed by line and reason, and then the exit code is 1."""
    from tocsin_server import import_command

    codes: list[int] = []

    def take(url: str) -> None:
        asyncio.run(apply_migrations(url))
        senders = list_senders(settings)
        codes.append(
            import_command.import_citizens(
                file, municipality=municipality, create=create, senders=senders, database_url=url
            )
        )

    with explaining():
        settings = read_settings()
        with_database(settings, take)
        raise typer.Exit(codes[0])


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def carriers(context: typer.Context) -> None:
    """Run the carriers' simulator on loopback; `tocsin carriers --help` lists its knobs."""
    from tocsin_carriers import __main__ as simulator

    sys.argv = ["tocsin carriers", *context.args]
    simulator.main()


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="No screen: send one drill, print the result as JSON, end.")
    ] = False,
    citizens: Annotated[int, typer.Option(min=1, max=200_000, help="How many live in the town.")] = 2_000,
    speed: Annotated[float, typer.Option(min=0.1, max=3_600, help="Simulated seconds in one real second.")] = 10,
    seed: Annotated[int, typer.Option(help="What the simulator's chance begins with.")] = 1,
    confirm: Annotated[bool, typer.Option("--confirm", help="Ask citizens who are called to press 1.")] = False,
    duplicates: Annotated[float, Share("reports that come twice")] = 0.01,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Let each attempt's reports come in any order.")] = False,
    early: Annotated[float, Share("reports that come before the carrier's answer")] = 0.0,
    lost: Annotated[float, Share("answers of the carriers that are lost")] = 0.0,
) -> None:
    """Start everything on loopback, send a drill to a made-up town and watch it live."""
    from tocsin_server import demonstration

    with explaining():
        drill = demonstration.Drill(
            once=once, citizens=citizens, speed=speed, seed=seed, confirmed=confirm, duplicates=duplicates,
            shuffle=shuffle, early=early, lost_answers=lost,
        )  # fmt: skip
        demonstration.run(drill)


@app.command()
def doctor() -> None:
    """Say what is wrong with the set-up, why, and how to mend it; 1 where something is at fault."""
    from tocsin_server.doctor import examine

    with explaining():
        settings = read_settings()
        found = asyncio.run(examine(settings, settings.database_url))
        print("\n".join(map(str, found)) or "Nothing is wrong.")
        raise typer.Exit(1 if any(finding.fault for finding in found) else 0)


@app.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Only compare; exit 1 if it differs.")] = False,
    file: Annotated[Path, typer.Option(help="Where the schema is written.")] = Path("schema.graphql"),
) -> None:
    """Write the GraphQL schema, or compare it with the file."""
    from tocsin_server.schema_file import compare_schema, write_schema

    with explaining():
        if not check:
            write_schema(file)
        elif not compare_schema(file):
            print(f"{file} is not what the code says; run `make schema` and commit it.", file=sys.stderr)
            raise typer.Exit(1)


def main() -> None:
    app()
