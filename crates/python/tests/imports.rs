//! Every module that programs here are promised: it can be imported and does something.

mod running;

use interleave_python::interpreter::Turns;
use interleave_python::output::Stream;
use running::in_turns;

const USES: &[(&str, &str, &str)] = &[
    ("threading", "threading.current_thread().name", "MainThread"),
    ("_thread", "_thread.allocate_lock().locked()", "False"),
    ("multiprocessing", "multiprocessing.cpu_count() > 0", "True"),
    ("concurrent.futures", "concurrent.futures.Future().done()", "False"),
    ("asyncio", "asyncio.run(asyncio.sleep(0, 5))", "5"),
    ("time", "time.sleep(0) or time.time() > 0", "True"),
    ("datetime", "datetime.date(2024, 2, 29) + datetime.timedelta(1)", "2024-03-01"),
    ("random", "random.Random(1).randint(1, 100)", "18"),
    ("os", "os.path.join('a', os.getcwd())", "/"),
    ("sys", "sys.argv", "['main.py']"),
    ("signal", "signal.getsignal(signal.SIGINT) is signal.default_int_handler", "True"),
    ("queue", "queue.SimpleQueue().empty()", "True"),
    ("functools", "functools.reduce(lambda a, b: a + b, [1, 2])", "3"),
    ("collections", "collections.Counter('aab').most_common(1)", "[('a', 2)]"),
    ("json", "json.dumps({'a': [1, None]})", "{\"a\": [1, null]}"),
    ("re", "re.findall('[0-9]+', 'a1b22')", "['1', '22']"),
    ("math", "math.comb(5, 2)", "10"),
    ("statistics", "statistics.mean([1, 2, 3])", "2"),
    ("pickle", "pickle.loads(pickle.dumps((1, 'a')))", "(1, 'a')"),
    ("hashlib", "hashlib.sha256(b'x').hexdigest()[:8]", "2d711642"),
    ("dataclasses", "dataclasses.make_dataclass('P', ['x'])(1)", "P(x=1)"),
    ("typing", "typing.Optional[int]", "int | None"),
    ("itertools", "list(itertools.accumulate([1, 2, 3]))", "[1, 3, 6]"),
    ("contextlib", "contextlib.nullcontext(3).__enter__()", "3"),
    ("logging", "logging.getLogger('a').name", "a"),
    ("traceback", "traceback.format_exception_only(ValueError(1))", "['ValueError: 1\\n']"),
    ("io", "io.StringIO('x').read()", "x"),
    ("struct", "struct.pack('<I', 1)", "b'\\x01\\x00\\x00\\x00'"),
    ("urllib.parse", "urllib.parse.urlsplit('http://a/b?c').path", "/b"),
    ("unittest", "unittest.TestCase().assertEqual(1, 1)", "None"),
    ("tempfile", "tempfile.gettempdir()", "/tmp"),
    ("pathlib", "pathlib.PurePath('a') / 'b'", "a/b"),
    ("contextvars", "contextvars.ContextVar('a', default=1).get()", "1"),
    ("weakref", "weakref.WeakSet()", "set()"),
    ("decimal", "decimal.Decimal('0.1') + 1", "1.1"),
    ("fractions", "fractions.Fraction(1, 3) * 3", "1"),
    ("uuid", "uuid.UUID(int=1).version", "None"),
    ("base64", "base64.b64encode(b'a')", "b'YQ=='"),
    ("secrets", "len(secrets.token_hex(4))", "8"),
    ("argparse", "argparse.ArgumentParser().parse_args([])", "Namespace()"),
    ("inspect", "inspect.signature(lambda a: a)", "(a)"),
    ("timeit", "timeit.timeit('1', number=1) < 60", "True"),
    ("heapq", "heapq.nsmallest(1, [3, 1])", "[1]"),
    ("bisect", "bisect.bisect([1, 3], 2)", "1"),
    ("copy", "copy.deepcopy([[1]])", "[[1]]"),
    ("enum", "enum.Enum('E', 'A').A", "E.A"),
    ("operator", "operator.add(1, 2)", "3"),
    ("string", "string.Template('$a').substitute(a=1)", "1"),
    ("textwrap", "textwrap.dedent(' a')", "a"),
    ("pprint", "pprint.pformat([1])", "[1]"),
    ("calendar", "calendar.isleap(2024)", "True"),
    ("csv", "next(csv.reader(['a,b']))", "['a', 'b']"),
    ("glob", "glob.glob('none*')", "[]"),
    ("shutil", "shutil.which('none')", "None"),
    ("sched", "sched.scheduler().empty()", "True"),
    ("atexit", "atexit.register(int) is int", "True"),
    ("gc", "gc.collect() >= 0", "True"),
    ("ctypes", "ctypes.c_int(5).value", "5"),
    ("warnings", "warnings.filters is not None", "True"),
    ("zlib", "zlib.decompress(zlib.compress(b'a'))", "b'a'"),
];

#[test]
fn every_module_can_be_imported_and_used() {
    let mut source = String::from(
        "
def told(module, use):
    try:
        names = {}
        exec('import ' + module, names)
        return eval(use, names)
    except BaseException as error:
        return repr(error)
",
    );
    for (module, use_it, _) in USES {
        source += &format!("print({module:?}, told({module:?}, {use_it:?}))\n");
    }
    let finished = in_turns(&source, Turns::Free);
    let expected: String = USES.iter().map(|(module, _, result)| format!("{module} {result}\n")).collect();
    assert_eq!((finished.text(Stream::Out), finished.text(Stream::Err)), (expected, String::new()));
}
