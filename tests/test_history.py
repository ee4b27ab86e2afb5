"""One commission, seven times: advice services for a London borough, £700,000 net of VAT, bought by open tender.

What the law asked of it in 2007, 2012, 2016, 2021, 2024, March 2025 and 2026, as a lawyer would set it down.
The days are worked out by hand; the program is asked through `vires assess`, and must answer the same.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

import cli

COMMISSION = {
    "contract.kind": "light touch services",
    "contract.part": "part B",
    "contract.health_service": False,
    "contract.value": "£700,000 excl VAT",
    "procurement.procedure": "open",
    "strategy_decision.is_key": True,
    "award_decision_notice.means": "electronic or fax",
}

# The days of each procurement: key decision announced, contract notice, award decided and told, contract entered.
DAYS = {
    "2007": ("2007-03-05", "2007-06-05", "2007-08-06", "2007-08-28"),
    "2012": ("2012-09-20", "2012-11-06", "2013-01-07", "2013-01-29"),
    "2016": ("2016-03-07", "2016-06-07", "2016-08-08", "2016-08-30"),
    "2021": ("2021-03-08", "2021-06-08", "2021-08-09", "2021-08-31"),
    "2024": ("2024-03-04", "2024-06-04", "2024-08-07", "2024-08-27"),
    "March 2025": ("2025-01-13", "2025-03-04", "2025-05-06", "2025-05-28"),
    "2026": ("2025-12-01", "2026-02-03", "2026-04-07", "2026-04-29"),
}

# What the law asked. A day counts as the law of its time counts it:
# 2007  48 days from the day after 6 August end on Sunday 23 September and run on to Monday.
# 2012  48 days from the day after 7 January end on Sunday 24 February; social value binds from 31 January 2013 only.
# 2016  ten days from the day after the letters of 8 August end with the 18th; 28 clear days after 7 March with 4 April.
# 2024  ten days from the day after 7 August end on Saturday the 17th, so with Monday the 19th.
# 2025  120 days beginning with 28 May end with 24 September; light touch owes no standstill under the Act.
HISTORY = {
    "2007": """
        regime                public contracts regulations 2006
        coverage              covered: Part B short list
        notices               award notice
        published in          Official Journal
        time for tenders      none laid down
        standstill            none
        award notice by       24 September 2007
        key decision          forward plan
        consultation          12 weeks; code 2004; compact 1998
        best value            none
        social value          not owed
        equality              race and disability and gender
    """,
    "2012": """
        regime                public contracts regulations 2006
        coverage              covered: Part B short list
        notices               award notice
        published in          Official Journal
        time for tenders      none laid down
        standstill            none
        award notice by       25 February 2013
        key decision          28 clear days' notice, decision from 19 October 2012
        consultation          no weeks laid down; principles 2012; compact 2010
        best value            guidance of 2011
        social value          not owed
        equality              public sector equality duty
    """,
    "2016": """
        regime                public contracts regulations 2015
        coverage              covered: light touch rules
        notices               contract notice, Contracts Finder, award decision letters, award notice
        published in          Official Journal
        time for tenders      none laid down
        standstill            10 days, contract from 19 August 2016
        award notice by       29 September 2016
        key decision          28 clear days' notice, decision from 5 April 2016
        consultation          no weeks laid down; principles 2016; compact 2010
        best value            guidance of 2015
        social value          owed
        equality              public sector equality duty
    """,
    "2021": """
        regime                public contracts regulations 2015
        coverage              covered: light touch rules
        notices               contract notice, Contracts Finder, award decision letters, award notice
        published in          Find a Tender
        time for tenders      none laid down
        standstill            10 days, contract from 20 August 2021
        award notice by       30 September 2021
        key decision          28 clear days' notice, decision from 6 April 2021
        consultation          no weeks laid down; principles 2018; compact 2010
        best value            guidance of 2015
        social value          owed
        equality              public sector equality duty
    """,
    "2024": """
        regime                public contracts regulations 2015
        coverage              covered: light touch rules
        notices               contract notice, Contracts Finder, award decision letters, award notice
        published in          Find a Tender
        time for tenders      none laid down
        standstill            10 days, contract from 20 August 2024
        award notice by       26 September 2024
        key decision          28 clear days' notice, decision from 2 April 2024
        consultation          no weeks laid down; principles 2018; compact 2010
        best value            statutory guide of 2024
        social value          owed
        equality              public sector equality duty
    """,
    "March 2025": """
        regime                procurement act 2023
        coverage              covered
        notices               tender notice, assessment summaries, award notice, contract details
        published in          central digital platform
        time for tenders      none laid down
        standstill            none
        award notice by       24 September 2025
        key decision          28 clear days' notice, decision from 11 February 2025
        consultation          no weeks laid down; principles 2018; compact 2010
        best value            statutory guide of 2024
        social value          owed
        equality              public sector equality duty
    """,
    "2026": """
        regime                procurement act 2023
        coverage              covered
        notices               tender notice, assessment summaries, award notice, contract details, payments compliance
        published in          central digital platform
        time for tenders      none laid down
        standstill            none
        award notice by       26 August 2026
        key decision          28 clear days' notice, decision from 30 December 2025
        consultation          no weeks laid down; principles 2018; covenant 2025
        best value            statutory guide of 2024
        social value          owed
        equality              public sector equality duty
    """,
}

NOTICES = {  # the rule that owes each notice
    "pcr2015.advertised": "contract notice",
    "pa2023.tender-notice.first": "tender notice",
    "pcr2015.contracts-finder.within": "Contracts Finder",
    "pcr2015.standstill.content": "award decision letters",
    "pa2023.summaries.sent": "assessment summaries",
    "pa2023.award-notice.first": "award notice",
    "pcr2006.award-notice.official-journal": "award notice",
    "pcr2015.award-notice.light-touch.single": "award notice",
    "pa2023.contract-details.light-touch": "contract details",
    "pa2023.payments-compliance.notice": "payments compliance",
}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the program makes of the seven, each as a table like those above."""
    asked = "\n".join(json.dumps(case) for year in DAYS for case in questions(year))
    result = CliRunner().invoke(cli.main, ["assess", "-", "--authority", "camden", "--format", "json"], input=asked)
    said = {each["name"]: each for each in map(json.loads, result.stdout.splitlines())}
    return {
        year: written({name.split("/")[1]: answer for name, answer in said.items() if name.split("/")[0] == year})
        for year in DAYS
    }


def questions(year: str) -> list[dict[str, Any]]:
    announced, notice, award, contract = DAYS[year]
    before = COMMISSION | {"strategy_key_notice.published": announced, "consultation.opened": announced}
    known = before | {"tender_notice.published": notice, "award.decided": award, "award_decision_notice.sent": award}
    done = known | {"contract.entered": contract}
    asked: list[tuple[str, str, dict[str, Any], str, str]] = [
        (fact, f"derive:{fact}", before | {"tender_notice.published": notice}, "", notice)
        for fact in (
            "procurement.regime",
            "procurement.coverage",
            "procurement.rules",
            "notices.place",
            "tenders.minimum_days",
            "standstill.days",
            "key_decision.announcement",
            "consultation.minimum_weeks",
            "consultation_code.edition",
            "compact.edition",
            "best_value.guidance",
            "social_value.duty",
            "equality.duties",
        )
    ]
    asked += [
        ("notices", "duties", done, "", contract),
        ("standstill", "lawful", known, "enter-contract", award),
        ("key decision", "lawful", before, "decide-strategy", announced),
        ("award notice", "latest:ojeu_award_notice.sent", done, "", ""),
        ("contract details", "latest:contract_details.published", done, "", ""),
    ]
    return [
        {"name": f"{year}/{name}", "question": question, "facts": facts}
        | ({"step": step} if step else {})
        | ({"on": on} if on else {})
        for name, question, facts, step, on in asked
    ]


def written(said: dict[str, Any]) -> str:
    value = {name: each.get("value") for name, each in said.items()}
    owed = {each["rule"] for step in said["notices"]["steps"] for each in step["findings"] if each["answer"] != "refer"}
    rules = f": {value['procurement.rules']}" if value["procurement.rules"] else ""
    sent = dict.fromkeys(word for rule, word in NOTICES.items() if rule in owed)
    announced = value["key_decision.announcement"]
    weeks = (
        f"{value['consultation.minimum_weeks']} weeks" if value["consultation.minimum_weeks"] else "no weeks laid down"
    )
    rows = {
        "regime": value["procurement.regime"],
        "coverage": value["procurement.coverage"] + rules,
        "notices": ", ".join(sent),
        "published in": value["notices.place"],
        "time for tenders": f"{value['tenders.minimum_days']} days"
        if value["tenders.minimum_days"]
        else "none laid down",
        "standstill": (
            f"{value['standstill.days']} days, contract from {from_rule(said['standstill'], 'standstill')}"
            if value["standstill.days"]
            else "none"
        ),
        "award notice by": day(said["award notice"].get("latest") or said["contract details"].get("latest")),
        "key decision": (
            f"{announced}, decision from {from_rule(said['key decision'], 'key-decision')}"
            if announced != "forward plan"
            else announced
        ),
        "consultation": f"{weeks}; {value['consultation_code.edition']}; {value['compact.edition']}",
        "best value": value["best_value.guidance"],
        "social value": value["social_value.duty"],
        "equality": value["equality.duties"],
    }
    return "\n".join(f"{name:22}{words}" for name, words in rows.items())


def from_rule(said: dict[str, Any], word: str) -> str:
    """The first day on which every rule of that name would be met, were one to wait."""
    return day(max(each["earliest"] for each in said["findings"] if word in each["rule"] and "earliest" in each))


def day(iso: str | None) -> str:
    if iso is None:
        return "no day"
    told = date.fromisoformat(iso[:10])
    return f"{told.day} {told:%B %Y}"


def test_the_same_commission_owes_seven_different_things(table: dict[str, str]) -> None:
    told = {year: re.sub(r"(?m)^ +", "", lines.strip("\n ")) for year, lines in HISTORY.items()}
    for year, lines in told.items():
        assert table[year] == lines, year
    assert len({re.sub(r"\d+ [A-Z][a-z]+ \d{4}", "DAY", lines) for lines in told.values()}) == len(DAYS) == 7
