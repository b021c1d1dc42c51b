//! `os` and `open` over files in memory.

mod running;

use running::writes;

#[test]
fn a_file_holds_what_was_written() {
    writes(
        "
with open('a.txt', 'w') as file:
    print(file.write('one\\ntwo\\n'), file.name, file.mode)
with open('a.txt', 'a') as file: file.write('three')
with open('a.txt') as file: print(repr(file.readline()), list(file))
with open('b.bin', 'wb+') as file:
    file.write(bytes(range(10)))
    file.seek(2)
    print(file.read(3), file.tell(), file.truncate(4))
print(open('b.bin', 'rb').read(), open('a.txt', encoding='utf-8').read().split())
",
        "8 a.txt w\n'one\\n' ['two\\n', 'three']\nb'\\x02\\x03\\x04' 5 4\nb'\\x00\\x01\\x02\\x03' ['one', 'two', 'three']\n",
    );
}

#[test]
fn directories_are_made_listed_walked_and_removed() {
    writes(
        "
import os, shutil, glob
os.makedirs('d/e')
for name in ('d/x.txt', 'd/e/y.txt'): open(name, 'w').close()
print(sorted(os.listdir('d')), [(at, sorted(all), names) for at, all, names in os.walk('d')])
print(sorted(glob.glob('d/**/*.txt', recursive=True)), os.path.isdir('d/e'), os.path.getsize('d/x.txt'))
os.rename('d/x.txt', 'moved.txt')
shutil.copy('moved.txt', 'd/again.txt')
shutil.rmtree('d')
print(os.path.exists('d'), os.path.exists('moved.txt'))
os.chdir('/tmp')
print(os.getcwd(), os.path.abspath('x'), os.path.realpath('../tmp/./x'))
",
        "['e', 'x.txt'] [('d', ['e'], ['x.txt']), ('d/e', [], ['y.txt'])]
['d/e/y.txt', 'd/x.txt'] True 0
False True
/tmp /tmp/x /tmp/x
",
    );
}

#[test]
fn what_is_refused_is_the_exception_that_python_has() {
    writes(
        "
import os
open('file', 'w').close()
os.mkdir('d')
open('d/inner', 'w').close()
def told(what, *args):
    try:
        what(*args)
    except OSError as error:
        print(type(error).__name__, error)
told(open, 'missing')
told(open, 'd')
told(os.mkdir, 'd')
told(os.rmdir, 'd')
told(open, 'file', 'x')
told(os.listdir, 'file')
told(open, 'file/x')
told(os.remove, 'd')
told(os.rename, 'missing', 'x')
told(open('file').write, 'x')
told(os.close, 99)
",
        "FileNotFoundError [Errno 2] No such file or directory: 'missing'
IsADirectoryError [Errno 21] Is a directory: 'd'
FileExistsError [Errno 17] File exists: 'd'
OSError [Errno 39] Directory not empty: 'd'
FileExistsError [Errno 17] File exists: 'file'
NotADirectoryError [Errno 20] Not a directory: 'file'
NotADirectoryError [Errno 20] Not a directory: 'file/x'
IsADirectoryError [Errno 21] Is a directory: 'd'
FileNotFoundError [Errno 2] No such file or directory: 'missing' -> 'x'
UnsupportedOperation not writable
OSError [Errno 9] Bad file descriptor
",
    );
}

#[test]
fn temporary_files_and_paths_work() {
    writes(
        "
import os, pathlib, tempfile
with tempfile.TemporaryDirectory() as directory:
    with tempfile.NamedTemporaryFile('w+', dir=directory) as file:
        file.write('x')
        file.seek(0)
        print(file.read(), os.path.dirname(file.name) == directory)
print(os.path.exists(directory))
with tempfile.TemporaryFile() as file:
    file.write(b'z')
    file.seek(0)
    print(file.read())
path = pathlib.Path('d') / 'x.txt'
path.parent.mkdir()
print(path.write_text('hi'), path.read_text(), path.resolve(), path.stat().st_size, [str(at) for at in pathlib.Path('.').rglob('x*')])
",
        "x True\nFalse\nb'z'\n2 hi /d/x.txt 2 ['d/x.txt']\n",
    );
}

#[test]
fn links_lead_to_files() {
    writes(
        "
import os
with open('a', 'w') as file: file.write('text')
os.symlink('a', 'soft')
os.link('a', 'hard')
os.symlink('loop', 'loop')
print(os.readlink('soft'), open('soft').read(), os.path.islink('soft'), os.stat('hard').st_nlink)
os.remove('a')
print(open('hard').read(), os.path.exists('soft'), os.path.lexists('soft'))
try:
    open('loop')
except OSError as error:
    print(error)
",
        "a text True 2\ntext False True\n[Errno 40] Too many levels of symbolic links: 'loop'\n",
    );
}

#[test]
fn descriptors_work() {
    writes(
        "
import os
fd = os.open('raw', os.O_RDWR | os.O_CREAT)
print(os.write(fd, b'abc'), os.lseek(fd, 1, os.SEEK_SET), os.read(fd, 9), os.fstat(fd).st_size)
os.close(fd)
with os.fdopen(os.open('raw', os.O_RDONLY)) as file: print(file.read())
os.write(1, b'direct\\n')
print('nobody reads this', file=open(os.devnull, 'w'))
print(open(__file__).readline() == '\\n')
",
        "3 1 b'bc' 3\nabc\ndirect\nTrue\n",
    );
}

#[test]
fn a_program_finds_no_files_of_another() {
    writes("open('left', 'x').close()\n", "");
    writes("open('left', 'x').close()\n", "");
}

#[test]
fn a_file_can_be_imported_from_beside_the_program_and_from_where_sys_path_says() {
    writes(
        "
import importlib, os, sys
os.makedirs('/shelf/more/pack')
for path, text in {
    'beside.py': 'def fail(): return 1 / 0',
    '/shelf/more/pack/__init__.py': 'from . import inner',
    '/shelf/more/pack/inner.py': 'value = 7',
}.items():
    with open(path, 'w') as file: file.write(text)
print(sys.path)
import beside
print(beside.__file__, sys.modules['beside'].__spec__.origin)
sys.path.append('/shelf/more')
import pack
print(pack.inner.value, pack.__path__, os.listdir('/shelf/more/pack'))
try:
    beside.fail()
except ZeroDivisionError as error:
    import traceback
    print(traceback.extract_tb(error.__traceback__)[-1].line)
try:
    import nowhere
except ModuleNotFoundError as error:
    print(error)
",
        "['/']
/beside.py /beside.py
7 ['/shelf/more/pack'] ['__init__.py', 'inner.py']
def fail(): return 1 / 0
No module named 'nowhere'
",
    );
}

#[test]
fn a_child_begins_with_the_files_of_its_parent_and_has_its_own_from_then_on() {
    writes(
        "
import multiprocessing, os, sys
def look(queue):
    import helper
    os.remove('/shelf/d/kept')
    with open('theirs', 'w') as file: file.write('x')
    queue.put((helper.name, sorted(os.listdir('/shelf')), os.readlink('/shelf/link'), oct(os.stat('/shelf/mode').st_mode)))
if __name__ == '__main__':
    os.makedirs('/shelf/d/lib')
    for path in ('/shelf/d/kept', '/shelf/mode'): open(path, 'w').close()
    os.chmod('/shelf/mode', 0o600)
    os.symlink('d/kept', '/shelf/link')
    with open('/shelf/d/lib/helper.py', 'w') as file: file.write('name = __name__')
    sys.path.append('/shelf/d/lib')
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=look, args=(queue,))
    process.start()
    print(*queue.get())
    process.join()
    print(os.path.exists('/shelf/d/kept'), os.path.exists('theirs'))
",
        "helper ['d', 'link', 'mode'] d/kept 0o100600\nTrue False\n",
    );
}

#[test]
fn refusals_have_the_numbers_and_the_classes_of_linux() {
    writes(
        "
import errno
for name in ('ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPIPE', 'ECONNREFUSED', 'ETIMEDOUT', 'EALREADY', 'ESRCH'):
    print(type(OSError(getattr(errno, name), '')).__name__, end=' ')
print(errno.errorcode[errno.EADDRINUSE], errno.EWOULDBLOCK == errno.EAGAIN)
",
        "FileNotFoundError FileExistsError NotADirectoryError IsADirectoryError PermissionError BrokenPipeError \
ConnectionRefusedError TimeoutError BlockingIOError ProcessLookupError EADDRINUSE True
",
    );
}

#[test]
fn an_os_error_of_a_program_has_the_class_of_its_number() {
    writes(
        "
import copy, errno, pickle
for name in ('ENOENT', 'EACCES', 'EPERM', 'EPIPE', 'EAGAIN', 'EINPROGRESS', 'ETIMEDOUT', 'ECONNREFUSED', 'EINVAL'):
    error = OSError(getattr(errno, name), 'text')
    print(name, type(error).__name__, error.errno == getattr(errno, name), error)
error = OSError(2, 'no', 'here', None, 'there')
for one in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
    print(repr(one), one.filename, one.filename2, one.args)
print(OSError(11, 'later', 5).characters_written)
for arguments in ((), (2,), ('2', 'no'), (2, 'a', 'b', 'c', 'd', 'e'), (2**70, 'no'), (True, 'no')):
    print(type(OSError(*arguments)).__name__, arguments)
try: OSError(2, 'no', key=1)
except TypeError as error: print(error)
try: raise OSError(errno.EEXIST, 'there')
except FileExistsError as error: print('caught', error)
",
        "\
ENOENT FileNotFoundError True [Errno 2] text
EACCES PermissionError True [Errno 13] text
EPERM PermissionError True [Errno 1] text
EPIPE BrokenPipeError True [Errno 32] text
EAGAIN BlockingIOError True [Errno 11] text
EINPROGRESS BlockingIOError True [Errno 115] text
ETIMEDOUT TimeoutError True [Errno 110] text
ECONNREFUSED ConnectionRefusedError True [Errno 111] text
EINVAL OSError True [Errno 22] text
FileNotFoundError(2, 'no') here there (2, 'no')
FileNotFoundError(2, 'no') here there (2, 'no')
FileNotFoundError(2, 'no') here there (2, 'no')
5
OSError ()
OSError (2,)
OSError ('2', 'no')
OSError (2, 'a', 'b', 'c', 'd', 'e')
OSError (1180591620717411303424, 'no')
PermissionError (True, 'no')
OSError() takes no keyword arguments
caught [Errno 17] there
",
    );
}

#[test]
fn a_class_of_a_program_below_os_error_stays_itself() {
    writes(
        "
import pickle
class Plain(OSError): pass
class OwnInit(OSError):
    def __init__(self, path, *, why): super().__init__(2, why, path)
class OwnNew(OSError):
    def __new__(cls, *args): return super().__new__(cls, 17, 'new')
class Lower(OwnInit): pass
class Named(OSError):
    def __init__(self, number, text, extra):
        super().__init__(number, text)
        self.extra = extra
class OSError2(FileNotFoundError): pass
for error in (Plain(2, 'no', 'here'), OwnInit('here', why='no'), OwnNew(1), Lower('there', why='no'), OSError2(17, 'no')):
    print(type(error).__name__, error.errno, error.strerror, error.filename, error.args)
print(type(Named(2, 'no', 'more')).__name__, Named(2, 'no', 'more').extra, Named(2, 'no', 'more').args)
print(repr(pickle.loads(pickle.dumps(Plain(2, 'no')))))
same = type('OSError', (OSError,), {})
print(type(same(22, 'no')) is same)
",
        "\
Plain 2 no here (2, 'no')
OwnInit 2 no here (2, 'no')
OwnNew 17 new None (17, 'new')
Lower 2 no there (2, 'no')
OSError2 17 no None (17, 'no')
Named more (2, 'no')
Plain(2, 'no')
True
",
    );
}
