"""One typed settings object. Every field can be set by an environment variable `ECOTWIN_<FIELD>`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ecotwin.errors import SettingsFault

Role = str


class Settings(BaseSettings):
    """How this installation runs. The plant itself stands in the plant file, never here."""

    model_config = SettingsConfigDict(env_prefix="ECOTWIN_", extra="forbid", frozen=True)

    data: Annotated[Path, Field(description="Folder of the history, the ledger and the keys.")] = (
        Path("var")
    )
    host: Annotated[str, Field(description="Address the page is served on; only loopback.")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int, Field(ge=0, le=65535, description="Port of the page; 0 takes a free one.")
    ] = 8321
    person: Annotated[str, Field(description="Name of the person at the loopback page.")] = (
        "local person"
    )
    roles: Annotated[
        tuple[str, ...], Field(description="Roles of the person at the loopback page.")
    ] = ("engineer", "plant_manager")
    writes: Annotated[
        bool,
        Field(description="Whether orders may reach machines at all; the plant file must agree."),
    ] = True
    flush_s: Annotated[
        float, Field(gt=0, le=5, description="Longest wait before samples are made durable [s].")
    ] = 0.1
    lateness_s: Annotated[
        float,
        Field(
            ge=0, description="How long a minute waits for late samples before it closes [plant s]."
        ),
    ] = 10.0
    future_s: Annotated[
        float, Field(gt=0, description="Samples further ahead of now than this are refused [s].")
    ] = 900.0
    queue_samples: Annotated[
        int, Field(ge=1000, description="Samples that may wait in a connector's queue.")
    ] = 2_000_000
    payload_limit_bytes: Annotated[
        int, Field(ge=1024, description="Larger messages are refused [bytes].")
    ] = 4_194_304
    foretell: Annotated[
        bool, Field(description="Whether the site's power, gas and water are foretold.")
    ] = True
    own_idle_w: Annotated[
        float,
        Field(
            ge=0,
            description="What the computer draws at rest for the twin's sake [W]; the default is an assumption, "
            "a plug meter tells it. 0 on a computer that would run without the twin as well.",
        ),
    ] = 10.0
    own_core_w: Annotated[
        float,
        Field(
            gt=0,
            description="What each busy core adds [W]; not used where the processor counts its own energy (RAPL). "
            "The default is an assumption: 65 W over 8 cores.",
        ),
    ] = 8.0
    zero_shot: Annotated[
        Path | None,
        Field(
            description="Weights of a forecaster that was trained on other series: an ONNX file, or a folder of a "
            "Chronos model (needs chronos-forecasting and torch). None: there is none."
        ),
    ] = None
    replan: Annotated[
        bool,
        Field(
            description="Whether a machine down, a changed limit or hot air ahead ask a what-if."
        ),
    ] = True
    raw_days: Annotated[int, Field(ge=1, description="Days for which raw readings are kept.")] = 92
    minute_days: Annotated[int, Field(ge=1, description="Days for which minutes are kept.")] = 1100
    history_memory_mb: Annotated[
        int,
        Field(
            ge=64,
            description="What the history's database may use for its buffers [MB]. "
            "Less is slower: with 128 a question over months took up to twice the CPU time.",
        ),
    ] = 256
    log_level: Annotated[str, Field(description="debug, info, warning or error.")] = "info"

    @property
    def is_loopback(self) -> bool:
        """Whether the page can be reached from this machine only."""
        return self.host in {"127.0.0.1", "::1", "localhost"}


def read(**given: object) -> Settings:
    """The settings from the environment, with what the command line gave on top.

    Raises:
        SettingsFault: A value is wrong; all wrong ones are named.
    """
    try:
        return Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as fault:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))} = {e.get('input')!r}: {e['msg']}"
            for e in fault.errors()
        )
        raise SettingsFault(
            f"these settings are wrong: {wrong}",
            expected="values as `docs/settings.md` describes them",
            remedy="correct the option or the ECOTWIN_... variable",
        ) from None
