"""Stop and start: nothing that was kept is lost, nothing that was said is said again unmarked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.service import Service
from app.settings import SettingsError, load_settings
from bot.outbox import Outbox
from tests.e2e.helpers import Deployment, deployed, eventually, people_of, xml


def account(house: Deployment, name: str) -> str:
    with house.service.store.reading() as session:
        return people_of(session)[name]


def test_what_was_kept_is_handled_after_a_restart(tmp_path: Path) -> None:
    with deployed(tmp_path) as house:
        writer = house.service.writer
        background, writer.background = writer.background, None
        assert background is not None
        assert house.app_says(xml(account(house, "张桂芳"), "我36.5", "1")).status_code == 200
        assert house.count("1") == 1
        assert not house.is_handled("1")
    with deployed(tmp_path) as house:
        eventually(lambda: house.is_handled("1"))
        assert house.readings() == [(365, "normal")]
        assert house.app_says(xml(account(house, "张桂芳"), "我36.5", "1")).status_code == 200
        assert house.count("1") == 1
        assert house.readings() == [(365, "normal")]


def test_what_was_on_its_way_goes_again_and_is_marked(
    tmp_path: Path, database: Callable[[], str]
) -> None:
    address = database()
    with deployed(tmp_path, address) as house:
        house.put(key="1", text="各户注意", state="sending", tries=1)
        house.put(key="2", text="各户小心", chat="一组群")
        eventually(lambda: house.outbox(Outbox.key == "2", Outbox.state == "sent"))
    with deployed(tmp_path, address) as house:
        eventually(lambda: house.outbox(Outbox.key == "1", Outbox.state == "sent"))
        assert [text for _, text in house.platforms.webhook.said] == ["各户注意"]
        (row,) = house.outbox(Outbox.key == "1")
        assert row.is_perhaps_doubled
        assert not house.outbox(Outbox.key == "2", Outbox.is_perhaps_doubled)


def test_a_folder_belongs_to_one_process(tmp_path: Path) -> None:
    with deployed(tmp_path), pytest.raises(SettingsError, match="另一个守望"):
        Service(load_settings(tmp_path))
