# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the experiments on one host showed of one declared network. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, overload

from ansible_collections.linuxnet.macvlan.plugins.module_utils._evidence.experiments.results import (
    AnnounceResult,
    BridgePassResult,
    ChecksumsResult,
    DatagramsResult,
    DhcpAskResult,
    ExperimentData,
    FluxAskResult,
    FullSizeResult,
    GatewayAskResult,
    HoldersResult,
    NextHopsResult,
    PromiscuousResult,
    Result,
    SolicitResult,
    TagsResult,
)


@dataclass(frozen=True)
class Experiments:
    made: Sequence[ExperimentData]
    network: str

    @overload
    def result(self, name: Literal["announce"]) -> AnnounceResult | None: ...
    @overload
    def result(self, name: Literal["bridge_pass"]) -> BridgePassResult | None: ...
    @overload
    def result(self, name: Literal["checksums"]) -> ChecksumsResult | None: ...
    @overload
    def result(self, name: Literal["datagrams"]) -> DatagramsResult | None: ...
    @overload
    def result(self, name: Literal["dhcp_ask"]) -> DhcpAskResult | None: ...
    @overload
    def result(self, name: Literal["flux_ask"]) -> FluxAskResult | None: ...
    @overload
    def result(self, name: Literal["full_size"]) -> FullSizeResult | None: ...
    @overload
    def result(self, name: Literal["gateway_ask"]) -> GatewayAskResult | None: ...
    @overload
    def result(self, name: Literal["holders"]) -> HoldersResult | None: ...
    @overload
    def result(self, name: Literal["next_hops"]) -> NextHopsResult | None: ...
    @overload
    def result(self, name: Literal["promiscuous"]) -> PromiscuousResult | None: ...
    @overload
    def result(self, name: Literal["solicit"]) -> SolicitResult | None: ...
    @overload
    def result(self, name: Literal["tags"]) -> TagsResult | None: ...

    def result(self, name: str) -> Result | None:
        """None where the experiment was not made."""
        made = self._find(name)
        return made["result"] if made and made["ran"] else None

    def why_not(self, name: str) -> str:
        """Why an experiment was not made."""
        made = self._find(name)
        return made["why_not"] or "" if made else f"the experiment {name} was not made"

    def _find(self, name: str) -> ExperimentData | None:
        return next((item for item in self.made if item["id"] == name and item["network"] == self.network), None)
