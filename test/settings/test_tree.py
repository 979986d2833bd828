# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The settings of a run: task files, parameters files and overrides, and what cannot work together."""

import pytest

from ros_rl.config import iterate, to_mapping
from ros_rl.errors import ConfigError, TimingError, UnknownNameError
from ros_rl.formats.parameters_file import write_parameters_file
from ros_rl.settings.loading import NODES, load_settings, parse_override, task_file, with_overrides
from ros_rl.settings.tree import Settings
from ros_rl.tasks import TASKS, make_task


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_has_a_file_that_loads(task):
    assert task_file(task).is_file()
    settings = load_settings(task)
    assert settings.task.name == task
    assert settings.load_robot().name == settings.robot_name == TASKS[task].robot


def test_every_setting_is_described():
    for key, _, info in iterate(Settings()):
        assert info.help, key


def test_the_file_of_a_run_brings_the_run_back(tmp_path):
    settings = load_settings(
        "xarm_reach", overrides=["seed=7", "agent.planner.horizon=5", "driver.backend.latency=0.01"]
    )
    write_parameters_file(tmp_path / "config.yaml", to_mapping(settings), NODES)
    assert load_settings(params_file=tmp_path / "config.yaml") == settings


def test_later_sources_win(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("/**: {ros__parameters: {seed: 1, control: {delay: 2}}}")
    settings = load_settings("a1_walk", path, ["seed=2"])
    assert (settings.seed, settings.control.delay, settings.task.name) == (2, 2, "a1_walk")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("seed=3", {"seed": 3}),
        ("task.target_velocity=0.5", {"task": {"target_velocity": 0.5}}),
        ("driver.backend.gui=true", {"driver": {"backend": {"gui": True}}}),
        ("robot=", {"robot": None}),
        ("a = b=c", {"a": "b=c"}),
    ],
)
def test_overrides_are_yaml(text, values):
    assert parse_override(text) == values


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("seed", ("--set", "expected key.path=value")),
        ("=3", ("expected key.path=value",)),
        ("seed=[", ("not a YAML value",)),
        ("sede=3", ("--set sede=3", "sede")),
        ("seed=-1", ("--set seed=-1", "-1")),
        ("driver.backend.name=gazebo", ("driver.backend", "valid: external, mock, ", "pybullet, ")),
        ("driver.backend.friction_low=2.0", ("friction_low 2.0", "friction_high 1.25")),
        ("agent.planner.elites=500", ("elites 500", "samples 128")),
    ],
)
def test_a_wrong_override_is_named(override, words):
    with pytest.raises(ConfigError) as caught:
        load_settings("a1_walk", overrides=[override])
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_an_unknown_task_lists_the_known_ones():
    with pytest.raises(ConfigError, match=", ".join(sorted([*TASKS, "gym"]))):
        load_settings("fly")
    with pytest.raises(UnknownNameError, match=", ".join(sorted(TASKS))):
        make_task("fly")


def test_a_period_that_the_physics_step_does_not_divide_is_refused_with_the_numbers():
    with pytest.raises(TimingError, match=r"33\.3333 ms .* 2 ms"):
        load_settings("a1_walk", overrides=["control.rate_hz=30.0"])
    assert load_settings("a1_walk", overrides=["control.rate_hz=50.0"]).control.period == 0.02


def test_contacts_faster_than_two_physics_steps_are_refused():
    overrides = [{"driver.backend.name": "mujoco"}, "driver.backend.contact_time=0.003"]
    with pytest.raises(TimingError, match=r"contact_time 0.003 s is below two physics steps, 0.004 s .* 500"):
        load_settings("go2_walk", overrides=overrides)
    assert load_settings("go2_walk", overrides=[*overrides, "driver.backend.physics_rate_hz=1000"])


def test_a_latency_of_a_whole_period_is_refused():
    with pytest.raises(TimingError, match="control.delay"):
        load_settings("a1_walk", overrides=["driver.backend.latency=0.05"])
    drawn = ["driver.backend.latency=0.03", "driver.backend.world.latency=[0, 0.02]"]
    with pytest.raises(TimingError, match=r"0.03 s with up to 0.02 s of driver.backend.world.latency is not below the"):
        load_settings("a1_walk", overrides=drawn)


def test_a_robot_may_replace_the_tasks_own():
    settings = load_settings("mock_point", overrides=["robot=a1", "driver.backend.name=pybullet"])
    assert settings.load_robot().name == "a1"


def test_overriding_a_copy_leaves_the_original():
    settings = load_settings("a1_walk")
    changed = with_overrides(settings, driver={"backend": {"noise": {"height": 0.5}}})
    assert changed.driver.backend.noise.height == 0.5
    assert settings.driver.backend.noise.height != 0.5
    assert changed.driver.backend.noise.orientation == settings.driver.backend.noise.orientation


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["task.name=a1_walk", "robot=xarm6"],
            "robot 'xarm6' has no sensor 'imu_orientation', which observation field 'gravity' needs",
        ),
        (
            ["task.name=xarm_reach", "robot=a1"],
            "robot 'a1' has no sensor 'tool_position', which observation field 'tool_position' needs",
        ),
        (["task.name=a1_walk", "driver.backend.name=mock"], "driver 'mock' measures commanded joints only"),
    ],
)
def test_a_robot_that_cannot_give_what_the_task_observes_is_refused(overrides: list[str], message: str) -> None:
    settings = load_settings(overrides=overrides)
    with pytest.raises(ConfigError, match=message):
        settings.load_robot()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["agent.name=random", "learner.replay.n_step=201"], "n_step 201 is longer than an episode .* 1 to 200"),
        (["agent.name=random", "task.episode_seconds=1", "learner.replay.n_step=21"], "allowed: 1 to 20"),
        (["agent.name=random", "learner.replay.n_step=0"], "'learner.replay.n_step' is 0"),
        (["agent.name=random", "learner.replay.priority=rank"], "uniform, td_error, target"),
        (["learner.replay.n_step=2"], "learner.replay.n_step is 2, of which agent 'mpc' has no use: use 1"),
        *(
            (
                [f"agent.name={name}", "learner.replay.priority=target"],
                f"target, of which agent '{name}' .* use uniform",
            )
            for name in ("mpc", "mbpo", "distil", "bc", "reinforce", "actor_critic")
        ),
        (["agent.name=actor_critic", "learner.replay.n_step=3"], "n_step is 3, of which agent 'actor_critic'"),
        (["agent.name=sac", "agent.chunk=2", "learner.replay.n_step=3"], "n_step is 3, but agent.chunk 2 sums up"),
        (["agent.name=actor_critic", "agent.data=off_policy", "learner.replay.priority=target"], "has no use"),
        (
            ["agent.name=latent_mpc", "agent.length=21", "task.episode_seconds=1"],
            "agent.length 21 is longer than an episode of task 'a1_walk'; allowed: 1 to 20",
        ),
        (
            ["agent.name=dreamer", "agent.sequence=2000", "learner.replay_capacity=1000"],
            "learner.replay_capacity 1000 does not hold a row of agent.sequence 2000; allowed: at least 2000",
        ),
        (
            ["agent.name=dreamer", "agent.sequence=33", "learner.batch_size=32"],
            "learner.batch_size 32 does not hold a row of agent.sequence 33; allowed: at least 33",
        ),
        (["agent.name=dreamer", "agent.model.bins=64"], "agent.model.bins is 64, allowed: an odd number"),
    ],
)
def test_replay_that_cannot_work_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings("a1_walk", overrides=overrides)


def test_rows_and_windows_as_long_as_allowed_are_taken() -> None:
    load_settings("a1_walk", overrides=["agent.name=latent_mpc", "agent.length=20", "task.episode_seconds=1"])
    own = ["agent.name=dreamer", "agent.sequence=100", "learner.batch_size=100", "learner.replay_capacity=100"]
    load_settings("a1_walk", overrides=own)


@pytest.mark.parametrize("agent", ["sac", "latent_mpc", "dreamer"])
def test_an_agent_that_sees_nothing_is_refused(agent: str) -> None:
    blind = ["observation.cameras=[none]", "observation.fields=[none]", f"agent.name={agent}"]
    with pytest.raises(ConfigError, match=f"agent '{agent}' sees nothing: observation.fields and observation.cameras"):
        load_settings("sphero_navigate", overrides=blind)
    assert load_settings("sphero_navigate", overrides=[*blind[:2], "agent.name=random"])


def test_where_settings_fit_only_together_the_one_that_is_wrong_is_named() -> None:
    """A choosing agent needs its map: neither fits without the other, and neither is what is wrong here."""
    right = ["agent.name=dqn", "control.commands.name=choice"]
    assert load_settings("ur5_reach", overrides=right).control.commands.discrete
    with pytest.raises(ConfigError, match="^--set agent.tau=2: 'agent.tau' is 2"):
        load_settings("ur5_reach", overrides=[*right, "agent.tau=2"])


def test_an_agent_that_chooses_is_for_environments(tmp_path) -> None:
    """A parameters file is judged by the task that it is read for."""
    path = tmp_path / "dqn.yaml"
    path.write_text("/**: {ros__parameters: {agent: {name: dqn}, learner: {replay: {n_step: 300}}}}")
    assert load_settings("gym", path).agent.discrete
    with pytest.raises(ConfigError, match="dqn.yaml: agent 'dqn' chooses discrete actions, those of control.co"):
        load_settings("mock_point", path)


def test_a_sum_over_a_whole_episode_is_allowed() -> None:
    settings = load_settings("a1_walk", overrides=["agent.name=random", "learner.replay.n_step=200"])
    assert settings.learner.replay.n_step == 200


@pytest.mark.parametrize(
    ("agent", "capacity", "fits"),
    [
        ({"name": "reinforce"}, 1000, True),  # 4 episodes of 200 steps, and the end of one that was begun at random
        ({"name": "reinforce"}, 999, False),
        ({"name": "actor_critic"}, 999, False),
        ({"name": "actor_critic", "batch": "online"}, 500, True),
        ({"name": "sac"}, 500, True),
    ],
)
def test_buffer_must_hold_the_episodes_of_an_update(agent: dict[str, str], capacity: int, fits: bool) -> None:
    overrides = [{"agent": agent, "learner": {"replay_capacity": capacity}}]
    if fits:
        assert load_settings("a1_walk", overrides=overrides).learner.replay_capacity == capacity
        return
    with pytest.raises(ConfigError, match=f"{capacity} does not hold agent.episodes 4 of task 'a1_walk'.* least 1000"):
        load_settings("a1_walk", overrides=overrides)


def test_warm_up_takes_not_all_of_a_training() -> None:
    def training(steps: int, **agent: str) -> Settings:
        return load_settings("a1_walk", overrides=[{"agent": agent, "learner": {"warmup_steps": 300, "steps": steps}}])

    training(301, name="sac").check_warmup()
    with pytest.raises(ConfigError, match="learner.warmup_steps 300 leaves none of 300 environment steps"):
        training(300, name="sac").check_warmup()
    for other in ({"name": "random"}, {"name": "bc", "log": "run"}):
        training(300, **other).check_warmup()
    for name, key in (("dreamer", "sequence"), ("latent_mpc", "length")):
        of_agent = {"name": name, key: 20}
        own = [{"agent": of_agent, "learner": {"warmup_steps": 5, "steps": 21}}]
        load_settings("a1_walk", overrides=own).check_warmup()
        with pytest.raises(ConfigError, match=f"agent.{key} 20 is no shorter than all 20 environment steps"):
            load_settings("a1_walk", overrides=[*own, "learner.steps=20"]).check_warmup()
    by_time = load_settings("a1_walk", overrides=["learner.robot_minutes=0.25", "learner.warmup_steps=300"])
    with pytest.raises(ConfigError, match="none of 300"):
        by_time.check_warmup()


def test_replayed_actor_critic_may_sum_rewards() -> None:
    overrides = ["agent.name=actor_critic", "agent.data=off_policy", "learner.replay.n_step=3"]
    assert load_settings("a1_walk", overrides=overrides).learner.replay.n_step == 3


@pytest.mark.parametrize(
    ("task", "overrides", "seconds"),
    [
        ("xarm_reach", [], 5.0),
        ("a1_walk", [], 10.0),
        ("cartpole_swingup", [], 8.0),
        ("xarm_reach", ["evaluator.seconds=3"], 3.0),
        ("xarm_reach", ["task.episode_seconds=7"], 7.0),
        ("gym", ["task.env=CartPole-v1", "agent.name=dqn"], 10.0),
    ],
)
def test_an_evaluation_is_as_long_as_an_episode_unless_it_is_said_how_long(task, overrides, seconds) -> None:
    assert load_settings(task, overrides=overrides).evaluation_seconds == seconds
