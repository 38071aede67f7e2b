"""`python -m onetrail.cli`, for where the `onetrail` command is not on the path."""

from onetrail.cli.main import main

main(prog_name="onetrail")
