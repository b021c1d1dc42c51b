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
