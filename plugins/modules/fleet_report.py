# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_report
short_description: Print one table about all hosts of a run
version_added: 0.1.0
author:
  - The linuxnet.macvlan authors (@linuxnet)
description:
  - Prints for each host of the play its links, their parents, what brings them back after a reboot, and how many checks
    of each kind passed. Below it stands for each host that is not well what failed, with evidence and remedy, and for
    networks with an engine the command that makes the matching container network, where the step C(containers) was
    left out.
  - In a slice of a job of AWX it says so. What earlier jobs of the workflow published is listed below the table, with
    all slices of a job as one.
  - Reads what the roles and playbooks of this collection registered earlier in the same run, so that it works across
    plays.
  - It runs on the controller and opens no connection. One task with C(run_once) serves the whole play.
options:
  full_up_to:
    description: With more hosts than this, healthy ones are only counted.
    type: int
    default: 50
  verdict:
    description:
      - What M(linuxnet.macvlan.fleet_verdict) returned. Hosts that it names a conflict for are not well.
      - C(interfaces_conflict_fail_on) of each host selects the conflicts that count.
    type: dict
    default: {}
  steps:
    description:
      - The steps that ran, see RV(linuxnet.macvlan.fleet_plan#module:steps), all of them by default. Where some are
        missing, a host without results is no failure.
    type: list
    elements: str
    default: []
  playbook:
    description: The playbook of this collection that ran.
    type: str
    choices: [site, verify]
    default: site
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
seealso:
  - module: linuxnet.macvlan.macvlan_verify
"""

EXAMPLES = r"""
- name: Print one table for all hosts
  linuxnet.macvlan.fleet_report:
  register: report
  run_once: true

- name: Fail where something is wrong
  ansible.builtin.fail:
    msg: "{{ report.failures[inventory_hostname] }}"
  when: inventory_hostname in report.failures
"""

RETURN = r"""
table:
  description: The lines that were printed.
  returned: always
  type: list
  elements: str
summary:
  description:
    - How many hosts had which result (C(hosts)), how many checks which status (C(checks)), and how many networks of
      engines, where some are declared (C(container_networks)).
  returned: always
  type: dict
  sample: {hosts: {changed: 2, failed: 1}, checks: {passed: 11, failed: 1}}
artifacts:
  description:
    - What the playbooks publish for later jobs of a workflow, by its name. It is C(macvlan_artifact_report) of
      site.yml and C(macvlan_artifact_verification) of verify.yml, or in a slice of a job
      C(macvlan_artifact_report_NUMBER) with the number of its job, so that slices do not replace each other's.
  returned: always
  type: dict
earlier:
  description:
    - The earlier jobs of the workflow that have published one of these. Slices of one job are merged to one verdict.
  returned: always
  type: list
  elements: dict
  contains:
    playbook:
      description: The playbook that ran.
      type: str
    job:
      description: The number of the job, or of the one that was cut into slices.
      type: str
    slices:
      description: The numbers of the jobs of its slices, empty where it was not sliced.
      type: list
      elements: str
    hosts:
      description: How many hosts had which result, in all slices together.
      type: dict
    failures:
      description: For each host with findings the first failure.
      type: dict
    ok:
      description: Whether no host of any slice has failed. A slice that was stopped is not among them.
      type: bool
  sample:
    - {playbook: site, job: "11", slices: ["12", "13"], hosts: {changed: 3, failed: 1}, failures: {h4: lost}, ok: false}
failures:
  description: For each host with findings the first failure. Healthy hosts are not in it.
  returned: always
  type: dict
  sample: {h3: "host_to_container from lan0 to 192.168.100.130: lost first after 4.2 s, 3 of 10 answered"}
"""
