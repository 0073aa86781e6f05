"""The console script. ``--version`` answers before anything heavy is imported."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and end the process."""
    if sys.argv[1:] == ["--version"]:
        from signkit import __version__

        sys.stdout.write(f"signkit {__version__}\n")
        return
    import warnings

    from signkit_cli.app import run

    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries' words to programmers, about a stranger's certificate for one

    sys.exit(run(sys.argv[1:]))  # noqa: TID251 - the one place


if __name__ == "__main__":
    main()
