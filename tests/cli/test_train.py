"""charrnn train, as a user types it: exit codes, streams, files, and each bad input."""

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from charrnn import presets, session
from charrnn.cells.registry import CELLS
from charrnn.cli import cli
from charrnn.config import SETTINGS, Config
from charrnn.session import begin
from charrnn.training.trainer import Trainer

TEXT = "".join(f"the quick brown fox jumps over {number} lazy dogs\n" for number in range(60))
TINY = [
    "--preset",
    "none",
    "--hidden-size",
    "8",
    "--num-layers",
    "1",
    "--seq-len",
    "10",
    "--batch-size",
    "4",
    "--steps",
    "20",
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("fox.txt").write_text(TEXT)
    return tmp_path


def run(*arguments, input=None):
    return CliRunner().invoke(cli, ["train", *map(str, arguments)], input=input)


def fails(*arguments, code=1, input=None):
    """The one line of an error."""
    result = run(*arguments, input=input)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output and not result.stdout
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    return lines[0]


def test_a_run_is_written_and_progress_goes_to_standard_error(folder):
    result = run("fox.txt", *TINY)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "lstm 1x8" in result.stderr and "charrnn sample" in result.stderr
    names = {path.name for path in Path("runs/fox").iterdir()}
    assert {"config.yaml", "metrics.jsonl", "last.safetensors", "best.safetensors"} <= names


def test_json_lines_are_standard_output(folder):
    result = run("fox.txt", *TINY, "--eval-every", 1, "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "started" and kinds[-1] == "finished"
    assert kinds.count("evaluated") == 20
    assert events[-1]["reason"] == "done"


def test_the_written_configuration_repeats_the_run(folder):
    run("fox.txt", *TINY, "--eval-every", 1)
    assert run("fox.txt", "--config", "runs/fox/config.yaml", "--run", "again").exit_code == 0
    assert Path("again/metrics.jsonl").read_text().count("\n") == 20
    assert "hidden_size: 8  # command line" in Path("runs/fox/config.yaml").read_text()
    assert "hidden_size: 8  # runs/fox/config.yaml" in Path("again/config.yaml").read_text()


def test_the_command_line_wins_over_a_preset(folder):
    run("fox.txt", *TINY, "--preset", "lines")
    config = Path("runs/fox/config.yaml").read_text()
    assert 'cell: "lstm"  # preset lines' in config and "hidden_size: 8  # command line" in config


def begins(*arguments, **options):
    """Standard error of a run that has just begun, and the file with its settings."""
    result = run(*arguments, "--steps", 1, "--batch-size", 4, "--force", **options)
    assert result.exit_code == 0, result.stderr
    return result.stderr, Path("runs/fox/config.yaml").read_text()


def test_a_preset_is_chosen_and_reported(folder):
    said, config = begins("fox.txt")
    note = "note: preset quick, for 2.6 kB of text; --preset NAME selects another, --preset none disables presets\n"
    assert said.count(note) == 1
    assert "1 step, preset quick, into runs/fox" in said
    assert "hidden_size: 256  # preset quick" in config and "steps: 1  # command line" in config
    result = run("fox.txt", "--steps", 1, "--force", "--json")
    assert '{"event": "notice", "text": "preset quick, for 2.6 kB' in result.stdout and not result.stderr


def test_standard_input_gets_a_preset_as_well(folder):
    names = "".join(f"name{number}\n" for number in range(300))
    result = run("-", "--steps", 1, "--run", "runs/fox", input=names)
    assert "preset lines, for a list of short lines" in result.stderr
    assert result.stderr.startswith(
        "note: taken for a list: 300 short lines, all of them different, in no order that matters: lines are "
        "shuffled, and 10% of the different ones held out; --as text keeps their order\n"
    )
    assert 'split: "unique-lines"  # preset lines' in Path("runs/fox/config.yaml").read_text()


def test_no_preset_is_chosen_where_settings_come_from_elsewhere(folder):
    said, config = begins("fox.txt", "--preset", "none")
    assert "note: preset" not in said and "# preset" not in config
    Path("my.yaml").write_text("hidden_size: 3")
    said, config = begins("fox.txt", "--config", "my.yaml")
    assert "preset" not in said and "preset" not in config and "hidden_size: 3" in config
    said = run("fox.txt", "--init-from", "runs/fox", "--run", "tuned", "--steps", 1).stderr
    assert "preset" not in said
    begins("fox.txt", "--preset", "lines")
    said = run("fox.txt", "--resume", "--steps", 2).stderr
    assert "note: preset" not in said and "2 steps, preset lines, resumed at step 1" in said


def test_gated_cells_get_the_same_preset_so_that_they_can_be_compared(folder):
    for cell in ("lstm", "gru", "gru-before"):
        said, config = begins("fox.txt", "--cell", cell)
        assert "note: preset quick" in said and ("found with lstm" in said) == (cell != "lstm")
        assert f'cell: "{cell}"  # command line' in config
        assert "hidden_size: 256  # preset quick" in config and "learning_rate: 0.02  # preset quick" in config


def test_no_preset_is_chosen_for_a_cell_without_gates(folder):
    said, config = begins("fox.txt", "--cell", "tanh")
    assert (
        "note: no preset was chosen: quick is tuned for gated cells, and tanh is not one; sizes and split are" in said
    )
    assert "# preset" not in config


def test_case_of_choices_does_not_matter_and_rnn_is_a_cell(folder):
    written = {"--cell": "RNN", "--optimizer": "Adam", "--schedule": "Constant", "--device": "CPU", "--kernel": "NumPy"}
    assert run("fox.txt", *TINY, *(word for pair in written.items() for word in pair)).exit_code == 0
    config = Path("runs/fox/config.yaml").read_text()
    for line in ('cell: "tanh"', 'optimizer: "adam"', 'schedule: "constant"'):
        assert f"{line}  # command line" in config
    Path("my.yaml").write_text("cell: Elman")
    assert run("fox.txt", "--config", "my.yaml", "--steps", 1, "--batch-size", 4, "--run", "r").exit_code == 0
    assert 'cell: "tanh"  # my.yaml' in Path("r/config.yaml").read_text()


def test_help_says_what_presets_there_are(folder):
    section = run("--help").stdout.split("Presets:")[1]
    for name in presets.names():
        assert f"\n  {name} " in section and " ".join(section.split()).count(presets.describe(name)) == 1


def test_help_says_which_defaults_presets_replace(folder):
    shown = " ".join(run("--help").stdout.split())
    assert "Units in each layer. [default: 128, or the preset's]" in shown
    assert "[default: cosine]" in shown and "[default: 0.97]" in shown  # no preset sets these
    for name in presets.names():
        for setting in presets.load_preset(name):
            assert SETTINGS[setting].group.startswith("Length") or f"[default: {getattr(Config, setting)}, or" in shown


def test_standard_input_a_folder_and_bytes(folder):
    assert run("-", *TINY, input=TEXT).exit_code == 0
    assert Path("runs/stdin/last.safetensors").exists()
    Path("src/deep").mkdir(parents=True)
    Path("src/deep/a.py").write_text(TEXT)
    Path("src/b.bin").write_bytes(b"\xff\x00" * 100)
    assert run("src", *TINY, "--glob", "**/*.py").exit_code == 0
    assert run("src/b.bin", *TINY, "--bytes").exit_code == 0


def test_crlf_is_kept_or_made_lf_and_reported(folder):
    Path("dos.txt").write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert "kept 60 CRLF" in run("dos.txt", *TINY).stderr
    assert "made 60 CRLF" in run("dos.txt", *TINY, "--newlines", "lf", "--run", "lf").stderr


def test_several_texts_and_compressed_ones(folder):
    Path("more.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    result = run("fox.txt", "more.txt.gz", *TINY)
    assert result.exit_code == 0
    assert "fox.txt and 1 more" in result.stderr
    assert run("fox.txt", "more.txt.gz", "--resume").exit_code == 0
    assert run("more.txt.gz", *TINY).exit_code == 0
    assert Path("runs/more").is_dir()


def test_a_folder_with_its_own_runs_trains_again(folder):
    Path("a.png").write_bytes(b"\x89PNG\0\xff")
    assert "left out 1 binary file\n" in run(".", *TINY, "--run", "runs/one").stderr
    result = run(".", *TINY, "--run", "runs/two")
    assert result.exit_code == 0
    assert "left out 1 binary file and 1 run folder (runs/one)" in result.stderr
    assert run(".", *TINY, "--run", "runs/two", "--force").exit_code == 0


class TestBadInput:
    def test_texts_that_are_not_files(self, folder):
        assert "curl -L https://example.org/a.txt | charrnn train -" in fails("https://example.org/a.txt")
        assert "cat fox.txt - | charrnn train -" in fails("fox.txt", "-", input=TEXT)
        Path("a.pdf").write_bytes(b"%PDF-1.4\0")
        assert "a.pdf is a PDF document, not a text; convert it with: pdftotext a.pdf a.txt" in fails("a.pdf")

    def test_a_damaged_archive(self, folder):
        Path("fox.gz").write_bytes(gzip.compress(TEXT.encode())[:-10])
        assert "fox.gz is damaged or incomplete gzip data" in fails("fox.gz")
        assert not Path("runs").exists()

    def test_no_corpus(self, folder):
        assert "name a text to learn: charrnn train CORPUS" in fails()

    def test_no_such_file(self, folder):
        assert "there is no file or folder 'fxo.txt'; charrnn corpora list" in fails("fxo.txt")
        assert "unknown corpus 'shakespear'; did you mean shakespeare?" in fails("shakespear")

    def test_a_bad_byte_has_an_offset_and_nothing_is_left_behind(self, folder):
        Path("bad.txt").write_bytes(b"abc\n" * 10 + b"\xe4\n")
        line = fails("bad.txt")
        assert "0xe4" in line.lower() and "40" in line and "--encoding" in line and "--bytes" in line
        assert not Path("runs/bad").exists()
        assert run("bad.txt", *TINY, "--encoding", "latin-1").exit_code == 0

    def test_a_pattern_of_files_for_one_file(self, folder):
        assert "--glob selects files of a folder, and fox.txt is not a folder" in fails("fox.txt", "--glob", "*.py")
        assert "and - is not a folder" in fails("-", "--glob", "*.py", input=TEXT)
        assert not Path("runs").exists()

    def test_an_empty_and_a_too_short_text(self, folder):
        Path("empty.txt").write_text("")
        assert "is empty" in fails("empty.txt")
        Path("one.txt").write_text("a")
        assert "has 1 character; training needs at least 2" in fails("one.txt")
        assert "standard input is empty" in fails("-", input="")

    def test_a_run_that_is_there_already(self, folder):
        run("fox.txt", *TINY)
        before = Path("runs/fox/last.safetensors").read_bytes()
        assert "runs/fox holds a run; --resume" in fails("fox.txt", *TINY)
        assert Path("runs/fox/last.safetensors").read_bytes() == before
        assert run("fox.txt", *TINY, "--force").exit_code == 0

    def test_a_forced_run_that_cannot_begin_leaves_the_old_one_in_its_place(self, folder, monkeypatch):
        def too_large(*arguments):
            raise MemoryError

        run("fox.txt", *TINY)
        before = {path.name: path.read_bytes() for path in Path("runs/fox").iterdir()}
        monkeypatch.setattr(session.begin, "initial_parameters", too_large)
        for wrong, message in ([], "out of memory"), (["--encoding", "utf-16"], "is not utf-16"):
            assert message in fails("fox.txt", *TINY, "--force", *wrong)
            assert {path.name: path.read_bytes() for path in Path("runs/fox").iterdir()} == before
        assert [path.name for path in Path("runs").iterdir()] == ["fox"]
        assert "out of memory" in fails("fox.txt", *TINY, "--run", "new")
        assert not Path("new").exists()

    @pytest.mark.parametrize("stop_at", [0, 1], ids=["before its first checkpoint", "after it"])
    def test_a_forced_run_that_fails_puts_the_old_one_back(self, folder, monkeypatch, stop_at):
        run("fox.txt", *TINY)
        before = Path("runs/fox/last.safetensors").read_bytes()
        update = Trainer._update

        def fail(self):
            if self.progress.step == stop_at:
                raise MemoryError("the device is full")
            update(self)

        monkeypatch.setattr(Trainer, "_update", fail)
        result = run("fox.txt", *TINY, "--seed", 2, "--force", "--eval-every", 1)
        assert result.exit_code == 1 and "the device is full" in result.stderr
        assert ("the run that was there before is runs/fox again" in result.stderr) == (stop_at == 0)
        kept = "runs/fox" if stop_at == 0 else "runs/fox.old"
        assert Path(kept, "last.safetensors").read_bytes() == before
        assert Path("runs/fox.old").exists() == (stop_at == 1)

    def test_nothing_to_resume(self, folder):
        assert "there is no run in runs/ yet" in fails("--resume")
        assert "there is no run 'runs/fox'" in fails("fox.txt", "--resume")

    def test_resume_with_a_preset(self, folder):
        assert "leave out --preset" in fails("--resume", "--preset", "lines", code=2)

    def test_a_damaged_checkpoint(self, folder):
        run("fox.txt", *TINY)
        for name in ("best", "last"):
            Path(f"runs/fox/{name}.safetensors").write_bytes(b"xx")
        assert "runs/fox/last.safetensors is not a checkpoint, or a damaged one" in fails("--resume")
        assert Path("runs/fox/last.safetensors").read_bytes() == b"xx"

    def test_values_out_of_range_and_unknown_names(self, folder):
        assert "--hidden-size must be at least 1, not 0" in fails("fox.txt", "--hidden-size", 0, code=2)
        assert "--minutes must be above 0, not 0" in fails("fox.txt", "--minutes", 0, code=2)
        assert "--epochs and --steps each limit" in fails("fox.txt", "--steps", 1, "--epochs", 1, code=2)
        assert "--preset 'nmaes' is not one of" in fails("fox.txt", "--preset", "nmaes", code=2)
        assert fails("fox.txt", "--preset", "linux", code=2) == "Error: --preset 'linux' is called long now"
        line = f"--cell 'lstn' is not one of {', '.join(CELLS)}; did you mean lstm?"
        assert line in fails("fox.txt", "--cell", "lstn", code=2)

    def test_a_file_of_settings_keeps_their_names_and_exits_with_1(self, folder):
        for text, message in (
            ("hiden_size: 3", "did you mean hidden_size?"),
            ("hidden_size: 0", "my.yaml: hidden_size must be at least 1, not 0"),
            ("{epochs: 1, steps: 1}", "epochs and steps each limit"),
        ):
            Path("my.yaml").write_text(text)
            line = fails("fox.txt", "--config", "my.yaml", "--num-layers", 1)
            assert message in line and "--" not in line

    def test_settings_that_a_run_has_already(self, folder):
        run("fox.txt", *TINY)
        assert "--hidden-size is 8 in this run and cannot change" in fails("--resume", "--hidden-size", 9, code=2)
        line = fails("fox.txt", "--init-from", "fox", "--run", "r", "--hidden-size", 9, code=2)
        assert "--hidden-size is 8 in run fox, not 9; leave it out" in line

    def test_devices_and_kernels_that_are_not_there(self, folder):
        assert "device 'gpx' is not one of auto, cpu, gpu, gpu:N" in fails("fox.txt", "--device", "gpx", code=2)
        assert "kernel 'fast' is not one of" in fails("fox.txt", "--kernel", "fast", code=2)

    def test_threads_where_there_are_none_to_choose(self, folder):
        line = fails("fox.txt", "--kernel", "numpy", "--threads", 2)
        assert "the numpy kernels have no threads of their own; OPENBLAS_NUM_THREADS sets NumPy's threads" in line

    def test_a_gpu_without_cupy(self, folder, monkeypatch):
        monkeypatch.setitem(sys.modules, "cupy", None)
        assert "CuPy is not installed; pip install" in fails("fox.txt", "--device", "gpu")

    def test_divergence(self, folder):
        wild = ["--cell", "relu", "--grad-clip", 0, "--learning-rate", 1e30, "--optimizer", "sgd"]
        line = fails("fox.txt", *TINY, *wild)
        assert "training diverged after step" in line and "lower --learning-rate" in line

    def test_a_folder_that_cannot_be_written(self, folder):
        Path("file").write_text("")
        line = fails("fox.txt", "--run", "file/run")
        assert "the run folder file/run cannot be made: Not a directory; name another with --run DIR" in line


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_saves_and_says_how_to_continue(folder, number, code):
    process = subprocess.Popen(
        [sys.executable, "-m", "charrnn", "train", "fox.txt", "--preset", "none", "--minutes", "5", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    for line in process.stdout:
        if '"step"' in line:
            break
    process.send_signal(number)
    process.send_signal(number)  # a second, immediate signal changes nothing
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert json.loads(out.splitlines()[-1])["reason"] == "interrupted"
    assert Path("runs/fox/last.safetensors").exists()
    result = run("fox.txt", "--resume", "--steps", json.loads(out.splitlines()[-1])["step"] + 1)
    assert result.exit_code == 0 and "Traceback" not in result.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_the_text_is_read_puts_the_old_run_back(folder, number, code, monkeypatch):
    run("fox.txt", *TINY)
    before = Path("runs/fox/last.safetensors").read_bytes()
    monkeypatch.setattr(begin, "encode_corpus", lambda *_, **__: signal.raise_signal(number))
    result = run("fox.txt", *TINY, "--force")
    assert result.exit_code == code and "Traceback" not in result.output
    assert [path.name for path in Path("runs").iterdir()] == ["fox"]
    assert Path("runs/fox/last.safetensors").read_bytes() == before


def test_help_is_quick_and_heavy_libraries_stay_out():
    code = (
        "import sys; from charrnn.cli import cli; cli(['--help'], standalone_mode=False); "
        "sys.exit(any(name in sys.modules for name in ('numpy', 'cupy', 'rich', 'yaml', 'safetensors')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_an_empty_name_is_not_the_folder():
    assert "the name of a text is empty" in fails("", code=2)


def test_a_run_is_not_a_text(folder):
    run("fox.txt", *TINY)
    assert "runs/fox is the folder of a run, not a text; charrnn train --resume --run runs/fox" in fails("runs/fox")
