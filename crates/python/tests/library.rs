//! The standard library, as far as programs here use it.

mod running;

use interleave_python::interpreter::Turns;
use interleave_python::native::Options;
use interleave_python::output::Stream;
use running::{in_turns, with, writes, writes_in_any_order};

#[test]
fn queues_give_in_their_order() {
    writes(
        "
import queue
for make in (queue.Queue, queue.LifoQueue, queue.PriorityQueue, queue.SimpleQueue):
    q = make()
    for item in (2, 3, 1): q.put(item)
    print(make.__name__, [q.get() for _ in range(3)], q.empty())
",
        "Queue [2, 3, 1] True\nLifoQueue [1, 3, 2] True\nPriorityQueue [1, 2, 3] True\nSimpleQueue [2, 3, 1] True\n",
    );
}

#[test]
fn the_parser_and_the_library_know_the_same_characters() {
    // The youngest is of Unicode 17, which a parser with tables of its own did not know.
    writes(
        r"
import unicodedata
sign = '\N{SAUDI RIYAL SIGN}'
print(hex(ord(sign)), unicodedata.name(sign), unicodedata.lookup('SAUDI RIYAL SIGN') == sign, '\N{LATIN SMALL LETTER A}')
",
        "0x20c1 SAUDI RIYAL SIGN True a\n",
    );
}

#[test]
fn queues_mind_what_python_minds() {
    writes(
        "
import queue
def told(what, *args, **named):
    try:
        print(what(*args, **named))
    except (queue.Empty, queue.Full, queue.ShutDown, ValueError) as error:
        print(type(error).__name__, error)
q = queue.Queue(1)
told(q.get_nowait)
told(q.get, timeout=0.01)
told(q.get, timeout=-1)
told(q.put, 1)
told(q.put, 2, False)
print(q.full(), q.maxsize, q.unfinished_tasks)
told(q.task_done)
told(q.task_done)
told(q.shutdown)
told(q.get)
told(q.get)
told(q.put, 3)
",
        "Empty 
Empty 
ValueError 'timeout' must be a non-negative number
None
Full 
True 1 1
None
ValueError task_done() called too many times
None
1
ShutDown 
ShutDown 
",
    );
}

#[test]
fn a_queue_that_stores_its_own_way_works() {
    writes(
        "
import queue
class Sorted(queue.Queue):
    def __init__(self, maxsize=0, reverse=False):
        self.reverse = reverse
        super().__init__(maxsize)
    def _init(self, maxsize): self.queue = []
    def _put(self, item): self.queue.append(item); self.queue.sort(reverse=self.reverse)
    def _get(self): return self.queue.pop(0)
    def _qsize(self): return len(self.queue)
q = Sorted(reverse=True)
for item in (1, 3, 2): q.put(item)
print(q.qsize(), q.get(), q.get())
",
        "3 3 2\n",
    );
}

#[test]
fn a_thread_pool_works() {
    writes(
        "
from concurrent.futures import ThreadPoolExecutor, as_completed
def fail(n):
    if n == 3: raise ValueError(n)
    return n * n
with ThreadPoolExecutor(max_workers=2) as pool:
    print(list(pool.map(lambda n: n * n, range(5))))
    futures = [pool.submit(fail, n) for n in range(5)]
    print(sorted(f.result() for f in as_completed(futures) if not f.exception()))
    print(repr(futures[3].exception()))
",
        "[0, 1, 4, 9, 16]\n[0, 1, 4, 16]\nValueError(3)\n",
    );
}

#[test]
fn coroutines_work() {
    writes(
        "
import asyncio
async def step(name, seconds):
    await asyncio.sleep(seconds)
    print(name)
    return name
async def main():
    print(await asyncio.gather(step('slow', 0.03), step('fast', 0.01)))
    async with asyncio.TaskGroup() as group:
        group.create_task(step('in a group', 0))
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)
    except TimeoutError:
        print('timed out')
    print(await asyncio.to_thread(lambda: 'in a thread'))
    queue = asyncio.Queue()
    async def produce():
        for n in range(3): await queue.put(n)
        await queue.put(None)
    task = asyncio.create_task(produce())
    got = []
    while (item := await queue.get()) is not None: got.append(item)
    print(got)
asyncio.run(main())
",
        "fast\nslow\n['slow', 'fast']\nin a group\ntimed out\nin a thread\n[0, 1, 2]\n",
    );
}

#[test]
fn what_programs_import_is_there() {
    writes(
        "
import time, datetime, random, os, sys, signal, queue, functools, collections, json, re, math, statistics, pickle
import hashlib, dataclasses, typing, itertools, contextlib, logging, traceback, io, struct, urllib.parse, unittest
import enum, operator, string, textwrap, heapq, bisect, copy, pprint, uuid, base64, decimal, fractions, argparse
import calendar, inspect, secrets, socket, subprocess, tempfile, pathlib, types, warnings, weakref, abc, timeit
print(datetime.date(2024, 2, 29) + datetime.timedelta(days=1))
print(json.dumps({'a': [1, 2.5, None]}), re.findall(r'\\d+', 'a1b22'), math.comb(5, 2))
print(pickle.loads(pickle.dumps((1, 'a', {2: 3}))), statistics.mean([1, 2, 3]))
print(hashlib.sha256(b'x').hexdigest()[:8], struct.pack('<I', 1), os.getcwd(), os.path.join('a', 'b'))
random.seed(1)
print(random.randint(1, 100))
",
        "2024-03-01
{\"a\": [1, 2.5, null]} ['1', '22'] 10
(1, 'a', {2: 3}) 2
2d711642 b'\\x01\\x00\\x00\\x00' / a/b
18
",
    );
}

#[test]
fn clocks_go_on_while_one_sleeps() {
    writes(
        "
import time, datetime
before, wall, started = time.monotonic(), time.time(), datetime.datetime.now()
time.sleep(0.02)
print(0.015 < time.perf_counter() - before < 5, 0.015 < time.time() - wall < 5)
print(datetime.datetime.now() > started, time.localtime().tm_year > 2000, time.strftime('%Y') > '2000')
",
        "True True\nTrue True True\n",
    );
}

#[test]
fn an_exit_code_is_the_programs() {
    let code = |source: &str| in_turns(source, Turns::Free).code;
    assert_eq!(code("import sys; sys.exit(3)"), 3);
    assert_eq!(code("raise SystemExit"), 0);
    assert_eq!(code("1 / 0"), 1);
    assert_eq!(code("raise KeyboardInterrupt"), 130);
}

#[test]
fn a_message_for_exit_goes_to_stderr() {
    let finished = in_turns("import sys; sys.exit('no flour')", Turns::Free);
    assert_eq!((finished.text(Stream::Err).as_str(), finished.code), ("no flour\n", 1));
}

#[test]
fn a_traceback_shows_the_programs_lines() {
    let told = in_turns("def bake():\n    return missing\n\nbake()\n", Turns::Free).text(Stream::Err);
    assert_eq!(
        told,
        "Traceback (most recent call last):
  File \"main.py\", line 4, in <module>
    bake()
    ~~~~^^
  File \"main.py\", line 2, in bake
    return missing
           ^^^^^^^
NameError: name 'missing' is not defined
"
    );
}

#[test]
fn a_syntax_error_is_told_with_its_line() {
    let finished = in_turns("print('a')\nif True\n    pass\n", Turns::Free);
    let told = finished.text(Stream::Err);
    assert!(told.contains("File \"main.py\", line 2\n"), "{told}");
    assert!(told.ends_with("SyntaxError: expected ':'\n"), "{told}");
    assert_eq!((finished.text(Stream::Out).as_str(), finished.code), ("", 1));
}

#[test]
fn input_asks_and_ends() {
    let options = Options { input: vec!["Ada".to_owned()], ..Options::default() };
    let finished =
        with("print('hello', input('name? '))\ntry:\n    input()\nexcept EOFError:\n    print('end')\n", &options);
    assert_eq!(finished.text(Stream::Out), "name? hello Ada\nend\n");
}

#[test]
fn endless_recursion_is_an_exception() {
    writes_in_any_order(
        "
import threading
def down(): down()
def told():
    try:
        down()
    except RecursionError:
        print('too deep')
thread = threading.Thread(target=told)
thread.start()
thread.join()
told()
",
        "too deep\ntoo deep\n",
    );
}

#[test]
fn what_a_page_cannot_do_says_so() {
    writes(
        "
import ctypes, importlib, os, socket, subprocess
def told(what, *args):
    try:
        what(*args)
    except (ImportError, OSError) as error:
        print(error)
for name in ('js', 'pyodide', 'ssl', 'tkinter', 'nobody'):
    told(importlib.import_module, name)
told(os.fork)
told(os.system, 'ls')
told(os.popen, 'ls')
told(ctypes.CDLL, 'libc.so.6')
told(socket.socket)
told(subprocess.run, ['ls'])
told(open, 'missing.txt')
",
        "No module named 'js': a program cannot reach the page or its JavaScript: print what is to be shown
No module named 'pyodide': a program cannot reach the page or its JavaScript: print what is to be shown
No module named 'ssl': the browser encrypts by itself: use urllib.request for files of this site
No module named 'tkinter': a page gives a program no windows: print what is to be shown
No module named 'nobody'
a page cannot copy a process: use multiprocessing, whose processes are spawned
a page cannot start programs: use multiprocessing for processes that run Python
a page cannot start programs: use multiprocessing for processes that run Python
a page has no libraries of C: use the types here for multiprocessing.Value and Array
a page has no sockets: use urllib.request for files of this site, or a queue between threads
a page cannot start programs: use multiprocessing for processes that run Python
[Errno 2] No such file or directory: 'missing.txt'
",
    );
}

#[test]
fn faulthandler_tells_where_the_thread_is() {
    writes(
        "
import faulthandler, io
def here():
    told = io.StringIO()
    faulthandler.dump_traceback(told)
    print(told.getvalue().splitlines()[1])
here()
faulthandler.enable()
print(faulthandler.is_enabled(), faulthandler.disable(), faulthandler.is_enabled())
",
        "  File \"main.py\", line 5 in here\nTrue True False\n",
    );
}
