//! `urllib.request` and `interleave.fetch`: files of the site that a program's page is of.

mod running;

use std::sync::Barrier;
use std::time::Duration;

use interleave_python::interpreter::Turns;
use interleave_python::native::{Finished, Options};
use interleave_python::output::Stream;
use interleave_python::site::{Request, Response, Site, Unanswered};
use running::{GIL, on_lane, with};

/// A site with one file, which also says what it was asked.
const SITE: Site = Site { base: || "https://site.test/deep/".to_owned(), ask };

fn ask(request: &Request) -> Result<Response, Unanswered> {
    let answer = |status, reason: &str, body: &[u8]| {
        let (reason, url, headers) =
            (reason.to_owned(), request.url.clone(), "content-type: text/plain; charset=utf-8\r\n");
        Ok(Response { status, reason, url, headers: headers.to_owned(), body: body.to_vec() })
    };
    match request.url.as_str() {
        "https://site.test/deep/a.txt" => answer(200, "OK", "eins\nzwei\n".as_bytes()),
        "https://site.test/told" => {
            let body = request.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            answer(
                201,
                "Created",
                format!("{} {} {body}", request.method, request.headers.replace('\n', "; ")).as_bytes(),
            )
        }
        "https://site.test/late" if request.timeout == Some(Duration::from_millis(50)) => Err(Unanswered::TimedOut),
        "https://site.test/met" => {
            static BOTH: Barrier = Barrier::new(2);
            BOTH.wait();
            answer(200, "OK", b"")
        }
        "https://site.test/broken" => Err(Unanswered::Failed { message: "it broke off".to_owned() }),
        _ => answer(404, "Not Found", b"no such file"),
    }
}

fn run(source: &str, turns: Turns) -> Finished {
    with(source, &Options { turns, site: SITE, ..Options::default() })
}

#[track_caller]
fn says(source: &str, expected: &str) {
    for turns in [Turns::Free, GIL, Turns::Scheduled { gil: false }] {
        let finished = run(source, turns);
        assert_eq!(finished.text(Stream::Err), "", "{turns:?}");
        assert_eq!(finished.text(Stream::Out), expected, "{turns:?}");
    }
}

#[test]
fn a_file_is_read_whole_and_line_by_line() {
    says(
        "
from urllib.request import urlopen
with urlopen('a.txt') as response:
    print(response.status, response.reason, response.url, response.getheader('Content-Type'))
    print(response.headers.get_content_type(), response.headers.get_content_charset(), response.headers['none'])
    print(response.readline(), list(response), response.read())
print(urlopen('https://site.test/deep/a.txt', timeout=5).read().decode())
",
        "200 OK https://site.test/deep/a.txt text/plain; charset=utf-8
text/plain utf-8 None
b'eins\\n' [b'zwei\\n'] b''
eins
zwei

",
    );
}

#[test]
fn a_request_has_a_method_headers_and_data() {
    says(
        "
from urllib.request import Request, urlopen, urlretrieve
def ask(*args, **named):
    print(urlopen(Request('/told', *args, **named)).read().decode())
ask()
ask(b'x=1')
ask(method='HEAD', headers={'X-ONE': '1'})
ask(b'{}', {'Content-Type': 'application/json'}, method='PUT')
print(urlopen('/told', b'y').getcode(), urlretrieve('a.txt', 'kept.txt')[0], open('kept.txt').read().split())
try:
    urlopen('/told', 'text')
except TypeError as error:
    print(error)
",
        "GET  
POST Content-type: application/x-www-form-urlencoded;  x=1
HEAD X-one: 1;  
PUT Content-type: application/json;  {}
201 kept.txt ['eins', 'zwei']
the data of a request are bytes, not str: encode them
",
    );
}

#[test]
fn what_does_not_come_is_the_exception_that_python_has() {
    says(
        "
from urllib.request import urlopen
from urllib.error import HTTPError, URLError
def told(*args):
    try:
        urlopen(*args)
    except HTTPError as error:
        print(error, error.code, error.url, error.read())
    except URLError as error:
        print(type(error.reason).__name__, error)
told('missing')
told('/late', None, 0.05)
told('/broken')
told('https://elsewhere.test/a.txt')
told('http://site.test/a.txt')
",
        "HTTP Error 404: Not Found 404 https://site.test/deep/missing b'no such file'
TimeoutError <urlopen error timed out>
OSError <urlopen error it broke off>
str <urlopen error a page reaches only its own site, and https://elsewhere.test/a.txt is of another: put the file beside the page>
str <urlopen error a page reaches only its own site, and http://site.test/a.txt is of another: put the file beside the page>
",
    );
}

#[test]
fn fetching_is_awaited_in_threads() {
    let source = "
import asyncio, interleave
async def main():
    responses = await asyncio.gather(*(interleave.fetch('a.txt') for _ in range(2)))
    print([len(response.read()) for response in responses])
asyncio.run(main())
";
    says(source, "[10, 10]\n");
    let finished = run(source, Turns::Free);
    assert_eq!(on_lane(&finished, "asyncio_0").last().map(String::as_str), Some("completed"));
}

#[test]
fn who_waits_for_an_answer_lets_others_have_the_gil() {
    let source = "
import threading
from urllib.request import urlopen
both = [threading.Thread(target=urlopen, args=['/met']) for _ in range(2)]
for one in both: one.start()
for one in both: one.join()
print('met')
";
    for turns in [Turns::Free, GIL] {
        assert_eq!(run(source, turns).text(Stream::Out), "met\n", "{turns:?}");
    }
}
