"""Why a backup could not be made, or not be brought back."""


class CannotKeep(Exception):
    """Says in words what is in the way; nothing was changed."""


class Used(CannotKeep):
    """A service uses the database that would be replaced."""

    def __init__(self) -> None:
        super().__init__("a service uses the database: stop it first (and whatever else has it open)")


class Newer(CannotKeep):
    """What would be replaced knows of more than the backup does."""

    def __init__(self, latest: str, in_backup: str) -> None:
        super().__init__(
            f"the database is newer than the backup: its last entry is of {latest}, the backup's of {in_backup}. What "
            "came between would be lost here, though QuickBooks keeps it. With --force the backup is taken all the same"
        )


class Damaged(CannotKeep):
    """A file that is no database, or not a whole one."""

    def __init__(self, path: object, what: str) -> None:
        super().__init__(f"{path}: {what}")
