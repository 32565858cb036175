"""Builds the runtime of a process from its configuration."""

from spst.adapters.cles.fichier import FileKeyStore
from spst.adapters.courriel.smtp import SmtpMessagerie
from spst.adapters.horodatage.rfc3161 import TimeStampingAuthority
from spst.adapters.tetes.dossier import FolderOfHeads
from spst.habilitations import actions
from spst.kernel.clock import Clock, SystemClock
from spst.kernel.config import Config, SealConfig
from spst.kernel.crypto.keyring import Keyring
from spst.kernel.database import open_engine
from spst.kernel.runtime import Runtime
from spst.portail.ports_courriel import Messagerie
from spst.traces import services as traces
from spst.traces.ports import Horodateur
from spst.traces.tetes import Scelleur


def build_runtime(config: Config, clock: Clock | None = None) -> Runtime:
    """Raises: RoleTooPowerful, when the database role could get round row security."""
    return Runtime(
        engine=open_engine(config.database_url),
        context_key=config.context_key,
        trace_key=config.trace_key,
        keyring=Keyring(config.root_key, FileKeyStore(config.keystore)),
        record_refusal=traces.record_refusal,
        traced_facts={action.name: action.facts for action in actions.all()},
        clock=clock or SystemClock(),
    )


def build_horodateur(config: SealConfig) -> Horodateur | None:
    """None where no authority was chosen: heads are then dated by the clock of the sealer alone."""
    return TimeStampingAuthority(config.tsa.url, config.tsa.roots) if config.tsa else None


def build_messagerie(config: Config) -> Messagerie | None:
    """None where no mail server was given: workers are then told nothing by e-mail."""
    return SmtpMessagerie(config.smtp) if config.smtp else None


def build_scelleur(config: SealConfig) -> Scelleur:
    return Scelleur(config.key, FolderOfHeads(config.heads), config.former_keys)
