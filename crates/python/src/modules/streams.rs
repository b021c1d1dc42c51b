//! `sys.stdout`, `sys.stderr` and `sys.stdin`.
//!
//! Each write is one piece of output, with its lane and time, and goes out at once: so what threads print is seen in the
//! order in which they printed it, and `print`, which writes its line and the line's end apart, can be interrupted between
//! the two, as in CPython.

pub(crate) use module::module_def;

#[vm::pymodule(name = "_interleave_streams")]
mod module {
    use interleave_runtime::span::{self, Title};
    use interleave_trace::State;
    use vm::builtins::PyStrRef;
    use vm::function::{ArgBytesLike, FuncArgs, OptionalArg};
    use vm::{AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};

    use crate::output::{self, Stream};

    /// A stream of text, or of bytes beneath it.
    #[pyattr]
    #[pyclass(module = "io", name = "TextIOWrapper")]
    #[derive(Debug, PyPayload)]
    struct PyOutput {
        stream: Stream,
    }

    #[pyfunction]
    fn open_output(error: bool) -> PyOutput {
        PyOutput { stream: if error { Stream::Err } else { Stream::Out } }
    }

    #[pyclass(flags(HAS_DICT, HAS_WEAKREF))]
    impl PyOutput {
        #[pymethod]
        fn write(zelf: &Py<Self>, text: PyStrRef, vm: &VirtualMachine) -> PyResult<usize> {
            // A lone surrogate has no UTF-8. Errors show what they can; a program is told.
            match (text.to_str(), zelf.stream) {
                (Some(text), stream) => output::write(stream, text),
                (None, Stream::Err) => output::write(Stream::Err, &text.to_string_lossy()),
                (None, Stream::Out) => {
                    let utf_8 = vm.ctx.new_str("utf-8");
                    vm.call_method(text.as_object(), "encode", (utf_8,))?;
                }
            }
            Ok(text.char_len())
        }

        #[pymethod]
        fn writelines(zelf: PyRef<Self>, lines: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
            let lines: Vec<PyStrRef> = lines.try_to_value(vm)?;
            lines.into_iter().try_for_each(|line| Self::write(&zelf, line, vm).map(drop))
        }

        #[pymethod]
        fn flush(_zelf: &Py<Self>) {}

        #[pymethod]
        fn close(_zelf: &Py<Self>) {}

        #[pymethod]
        fn isatty(_zelf: &Py<Self>) -> bool {
            false
        }

        #[pymethod]
        fn fileno(zelf: &Py<Self>) -> i32 {
            if zelf.stream == Stream::Err { 2 } else { 1 }
        }

        #[pymethod]
        fn readable(_zelf: &Py<Self>) -> bool {
            false
        }

        #[pymethod]
        fn writable(_zelf: &Py<Self>) -> bool {
            true
        }

        #[pymethod]
        fn seekable(_zelf: &Py<Self>) -> bool {
            false
        }

        /// Everything is as it would be made: UTF-8, line by line or sooner.
        #[pymethod]
        fn reconfigure(_zelf: &Py<Self>, _args: FuncArgs) {}

        #[pygetset]
        fn closed(_zelf: &Py<Self>) -> bool {
            false
        }

        #[pygetset]
        fn encoding(_zelf: &Py<Self>) -> &'static str {
            "utf-8"
        }

        #[pygetset]
        fn errors(zelf: &Py<Self>) -> &'static str {
            if zelf.stream == Stream::Err { "backslashreplace" } else { "strict" }
        }

        #[pygetset]
        fn newlines(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyObjectRef {
            vm.ctx.none()
        }

        #[pygetset]
        fn line_buffering(_zelf: &Py<Self>) -> bool {
            true
        }

        #[pygetset]
        fn write_through(_zelf: &Py<Self>) -> bool {
            true
        }

        #[pygetset]
        fn name(zelf: &Py<Self>) -> &'static str {
            if zelf.stream == Stream::Err { "<stderr>" } else { "<stdout>" }
        }

        #[pygetset]
        fn mode(_zelf: &Py<Self>) -> &'static str {
            "w"
        }

        #[pygetset]
        fn buffer(zelf: &Py<Self>) -> PyBytesOutput {
            PyBytesOutput { stream: zelf.stream }
        }

        #[pymethod]
        fn __enter__(zelf: PyRef<Self>) -> PyRef<Self> {
            zelf
        }

        #[pymethod]
        fn __exit__(_zelf: &Py<Self>, _args: FuncArgs) {}
    }

    /// What lies beneath a stream of text.
    #[pyattr]
    #[pyclass(module = "io", name = "BufferedWriter")]
    #[derive(Debug, PyPayload)]
    struct PyBytesOutput {
        stream: Stream,
    }

    #[pyclass(flags(HAS_DICT, HAS_WEAKREF))]
    impl PyBytesOutput {
        #[pymethod]
        fn write(zelf: &Py<Self>, bytes: ArgBytesLike) -> usize {
            bytes.with_ref(|bytes| {
                output::write(zelf.stream, &String::from_utf8_lossy(bytes));
                bytes.len()
            })
        }

        #[pymethod]
        fn flush(_zelf: &Py<Self>) {}

        #[pymethod]
        fn writable(_zelf: &Py<Self>) -> bool {
            true
        }

        #[pygetset]
        fn closed(_zelf: &Py<Self>) -> bool {
            false
        }
    }

    /// `sys.stdin`: lines that somebody is asked for.
    #[pyattr]
    #[pyclass(module = "io", name = "TextIOReader")]
    #[derive(Debug, PyPayload)]
    struct PyInput {}

    #[pyfunction]
    fn open_input() -> PyInput {
        PyInput {}
    }

    #[pyclass(flags(HAS_DICT, HAS_WEAKREF))]
    impl PyInput {
        /// The next line with its end, or an empty text at the end of all input.
        #[pymethod]
        fn readline(_zelf: &Py<Self>, size: OptionalArg<isize>, vm: &VirtualMachine) -> String {
            let ask = || span::while_waiting(State::Io, Title::new("input"), output::read_line);
            let line = vm.allow_threads(|| interleave_runtime::rt::gil::without(ask)).unwrap_or_default();
            match usize::try_from(size.unwrap_or(-1)) {
                Ok(size) => line.chars().take(size).collect(),
                Err(_) => line,
            }
        }

        #[pymethod]
        fn fileno(_zelf: &Py<Self>) -> i32 {
            0
        }

        #[pymethod]
        fn isatty(_zelf: &Py<Self>) -> bool {
            false
        }

        #[pymethod]
        fn readable(_zelf: &Py<Self>) -> bool {
            true
        }

        #[pymethod]
        fn writable(_zelf: &Py<Self>) -> bool {
            false
        }

        #[pymethod]
        fn flush(_zelf: &Py<Self>) {}

        #[pygetset]
        fn closed(_zelf: &Py<Self>) -> bool {
            false
        }

        #[pygetset]
        fn encoding(_zelf: &Py<Self>) -> &'static str {
            "utf-8"
        }

        #[pygetset]
        fn errors(_zelf: &Py<Self>) -> &'static str {
            "strict"
        }

        #[pygetset]
        fn name(_zelf: &Py<Self>) -> &'static str {
            "<stdin>"
        }

        #[pygetset]
        fn mode(_zelf: &Py<Self>) -> &'static str {
            "r"
        }
    }
}
