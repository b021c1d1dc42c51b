"""Changes Python's `multiprocessing` where it meets an operating system: processes are spawned, and the program's text is
sent to them."""

import _interleave_boot
import _interleave_files
import sys


def change_context(context):
    spawn = context._concrete_contexts["spawn"]
    context._concrete_contexts = {"spawn": spawn}
    context._default_context._default_context = spawn
    # It is for a way to start processes that there is not, and says so nowhere else either.
    context.BaseContext.set_forkserver_preload = lambda self, module_names: None


def change_spawn(spawn):
    prepare, get_preparation_data = spawn.prepare, spawn.get_preparation_data

    def with_program(name):
        data = get_preparation_data(name)
        data.pop("init_main_from_path", None)
        data["program"] = _interleave_boot.program
        data["files"] = _interleave_files.snapshot()
        return data

    def prepare_with_program(data):
        for file in data["files"]:
            _interleave_files.restore(*file)
        prepare(data)
        file, source = data["program"]
        _interleave_boot.keep_program(file, source)
        spawn.old_main_modules.append(sys.modules["__main__"])
        main = type(sys)("__mp_main__")
        main.__file__ = file
        # From here on, so that what it defines can be looked up while it is being run.
        sys.modules["__main__"] = sys.modules["__mp_main__"] = main
        exec(compile(source, file, "exec"), main.__dict__)

    spawn.get_preparation_data = with_program
    spawn.prepare = prepare_with_program


def change_util(util):
    def close_stdin():
        import io

        sys.stdin = io.StringIO()

    util._close_stdin = close_stdin


def change_dummy_connection(connection):
    python = connection.Queue

    class Queue(python):
        """With conditions, for which a connection waits. Storing items itself, a queue is Python's own."""

        _init = python._init

    connection.Queue = Queue


def change(module):
    globals()["change_" + module.__name__.partition(".")[2].replace(".", "_")](module)
