# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_diagnose
short_description: Say why macvlan links break, with proof
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - Merges what M(linuxnet.macvlan.macvlan_diagnose) collected on all hosts of the play, judges every known cause for
    every declared network of every host, and prints for each host what broke, when, the proof, who did it and what to
    do, then what was ruled out.
  - A verdict is V(confirmed) (proven by evidence), V(suspected) (a host alone cannot prove it), V(ruled_out), or
    V(not_tested) with the reason. What a confirmed cause explains is not confirmed beside it.
  - It runs on the controller and opens no connection. One task with C(run_once) serves the whole play. Evidence is
    read from the variable C(diagnose_result) of each host. Unreachable hosts are reported as such.
  - What earlier jobs of a workflow of AWX published is listed at the end, with all slices of a job as one.
options:
  report_dir:
    description:
      - A directory on the controller for the report. It is made if it is not there, for its owner only.
      - Nothing is written where one of the names of the files is a link, a directory or a special file.
    type: path
  report_mode:
    description: The permissions of the files of the report, as four octal digits in quotes.
    type: str
    default: "0600"
  full_up_to:
    description: With more hosts than this, healthy ones are only counted in the printed summary.
    type: int
    default: 50
  parameters:
    description: The parameters of the run, to be kept in the report.
    type: dict
    default: {}
extends_documentation_fragment:
  - linuxnet.macvlan._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: It changes nothing.
  idempotent:
    support: full
  platform:
    details: It runs on the controller.
  action_group:
    support: none
    membership: []
notes:
  - Times are those of each host's own clock. The report says how far that is from the controller's,
    as measured over the connection, and how exact the measurement is.
seealso:
  - module: linuxnet.macvlan.macvlan_diagnose
"""

EXAMPLES = r"""
- name: Collect on all hosts at the same time
  linuxnet.macvlan.macvlan_diagnose:
    networks: "{{ (macvlan_networks | linuxnet.macvlan.intent).networks }}"
    links: "{{ (macvlan_networks | linuxnet.macvlan.intent).links }}"
  register: diagnose_result

- name: Say what is wrong, and write a report
  linuxnet.macvlan.fleet_diagnose:
    report_dir: /tmp/report
  register: report
  run_once: true
"""

RETURN = r"""
lines:
  description: The lines that were printed.
  returned: always
  type: list
  elements: str
artifact:
  description:
    - The name under which the playbooks publish this for later jobs of a workflow. It is C(macvlan_artifact_diagnosis),
      or in a slice of a job of AWX C(macvlan_artifact_diagnosis_NUMBER) with the number of its job.
  returned: always
  type: str
summary:
  description: How many hosts are in which state, and how many causes are confirmed and suspected.
  returned: always
  type: dict
  sample: {hosts: 3, healthy: 2, blind: 0, broken: 1, suspect: 0, unreachable: 0, failed: 0, nothing_declared: 0,
    confirmed: 1, suspected: 0}
verdicts:
  description: What is confirmed or suspected. The report has all verdicts.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: The inventory name.
      type: str
    network:
      description: The name of the declared network.
      type: str
    cause:
      description: The cause by its id.
      type: str
      sample: address_removed_by_other
    status:
      description: V(confirmed) or V(suspected).
      type: str
    title:
      description: The cause in a few words.
      type: str
    summary:
      description: One sentence about what broke, when, and who did it.
      type: str
    explanation:
      description: Why this breaks a link.
      type: str
    after:
      description: Seconds from the start of the watch, V(null) where it was so before.
      type: float
    evidence:
      description: Each with C(what), C(where), C(at) and C(value).
      type: list
      elements: dict
    culprit:
      description: The process or the machine that did it, with C(text) for people. V(null) where there is none.
      type: dict
    remedy:
      description: A command, or the variable to set.
      type: str
    steps:
      description:
        - The remedy as data, in order, each with C(kind), C(text), C(host), C(namespace) and C(values). Its kind is
          V(apply) (run C(linuxnet.macvlan.site) for the host), V(command) (C(text) is one for the shell of the host),
          V(declare) (change the inventory, then the same as V(apply)), V(container) (its engine starts it again),
          V(by_hand) (something on the host that depends on what else is there), or V(ask) (somebody else has to do it,
          and C(text) is what to tell them).
      type: list
      elements: dict
    explained_by:
      description: V(null) here; in the report the cause that a verdict is a consequence of.
      type: str
    targets:
      description: The ids of all the broken targets of the host's timeline that it explains.
      type: list
      elements: str
failures:
  description: For each host with findings what is confirmed there. Healthy hosts are not in it.
  returned: always
  type: dict
repairs:
  description:
    - For each host the confirmed causes that re-applying the declaration repairs, as C(diagnose_fix) does.
      Hosts without any are not in it.
  returned: always
  type: dict
  sample: {web1: [host_isolation]}
files:
  description: The files of the report.
  returned: always
  type: list
  elements: str
"""
