"""Beginning a scenario's conversation on a target: with an assistant, or with a store that is searched."""

from collections.abc import Mapping

from orchestrator.model.address import Address, Kind
from orchestrator.model.check_evidence import Cites, Recall, Retrieved
from orchestrator.model.project import LocatedScenario, Resource
from orchestrator.providers.interface import Conversation, Hearer, Provider
from orchestrator.scenario.labels import LabelledConversation, Labels
from orchestrator.scenario.searching import SearchConversation
from orchestrator.spec.mentions import located_checks

_OF_FILES = (Cites, Retrieved, Recall)


class Opener:
    """Opens the conversations of one run."""

    def __init__(
        self,
        provider: Provider,
        resources: Mapping[Address, Resource],
        ids: Mapping[Address, str],
        hearer: Hearer | None = None,
    ) -> None:
        """`ids` are those of everything that is talked to or searched; `hearer` hears what is said as it comes."""
        self._provider, self._resources, self._ids, self._hearer = provider, resources, ids, hearer
        self._labels: dict[frozenset[Address], Labels] = {}

    def open(self, located: LocatedScenario) -> Conversation:
        """Begin a conversation; nothing is sent."""
        id = self._ids[located.subject]
        if located.searches:
            asked = [check.recall.k for check in located.scenario.checks if isinstance(check, Recall)]
            return SearchConversation(self._provider, id, max(asked))
        inner = self._provider.open(id, located.model, self._hearer)
        stores = {each for each in self._resources[located.subject].references if each.kind is Kind.VECTOR_STORE}
        if not stores:
            return inner
        exactly = any(isinstance(check, _OF_FILES) for _, check in located_checks(located.scenario))
        return LabelledConversation(inner, self._labels_of(frozenset(stores)), exactly)

    def _labels_of(self, stores: frozenset[Address]) -> Labels:
        if stores not in self._labels:
            declared = [label for store in stores for label in self._resources[store].sources or {}]
            self._labels[stores] = Labels(self._provider, [self._ids[store] for store in sorted(stores)], declared)
        return self._labels[stores]
