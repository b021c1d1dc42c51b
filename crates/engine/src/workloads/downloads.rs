//! Downloads the site's own files, whose every byte is known beforehand.

use std::borrow::Cow;

use interleave_protocol::{Failure, RunSpec, downloads};
use interleave_runtime::processes::Payload;

use super::{Cut, digest, grouped, wrong};
use crate::workload::{Answer, Message, Step, Workload, items};

/// See the module's text.
pub struct Downloads {
    cut: Cut,
}

/// What a task received, in the order of its files: number, length and digest of each.
#[derive(Clone, Debug, Default)]
pub struct Received(Vec<(u32, u64, u64)>);

impl Message for Received {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        let words: Vec<u64> =
            self.0.iter().flat_map(|(file, length, digest)| [u64::from(*file), *length, *digest]).collect();
        Cow::Owned(words.to_bytes().into_owned())
    }

    fn from_payload(payload: Payload) -> Option<Self> {
        let words = items::<u64>(&payload)?;
        let (files, []) = words.as_chunks::<3>() else { return None };
        let files = files.iter().map(|[file, length, digest]| Some((u32::try_from(*file).ok()?, *length, *digest)));
        Some(Self(files.collect::<Option<_>>()?))
    }
}

fn received(file: u32, body: &[u8]) -> (u32, u64, u64) {
    (file, body.len() as u64, digest([body]))
}

impl Workload for Downloads {
    type Part = Received;
    const TASK: &'static str = "files";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        Ok(Self { cut: Cut { items: spec.size, tasks: spec.tasks } })
    }

    fn steps(&self, task: u32) -> Vec<Step> {
        self.cut.task(task).map(|file| Step::Download { file }).collect()
    }

    fn compute(&self, _task: u32, _piece: u32, _part: &mut Received) {}

    fn downloaded(&self, _task: u32, file: u32, body: &[u8], part: &mut Received) -> Result<(), Failure> {
        part.0.push(received(file, body));
        Ok(())
    }

    fn reduce(&self, parts: &[Received]) -> Result<Answer, Failure> {
        let known: Vec<_> = (0..downloads::COUNT).map(|n| received(n, &downloads::file(n))).collect();
        let mut bytes = 0;
        let mut digests = Vec::new();
        for (files, part) in self.cut.with(parts)? {
            if part.0.len() != files.len() {
                return Err(wrong(format!("{} of the files {files:?} were downloaded", part.0.len())));
            }
            for (file, (number, length, digest)) in files.zip(&part.0) {
                let path = downloads::path(file);
                let (_, right_length, right_digest) = known[(file % downloads::COUNT) as usize];
                if *number != file {
                    return Err(wrong(format!("download {number} came in the place of {file}")));
                }
                if *length != right_length {
                    return Err(wrong(format!("{path} has {length} bytes instead of {right_length}")));
                }
                if *digest != right_digest {
                    return Err(wrong(format!("{path} has the right length and other content")));
                }
                bytes += length;
                digests.extend(digest.to_le_bytes());
            }
        }
        Ok(Answer {
            passed: true,
            summary: format!("{} files, {} bytes", grouped(self.cut.items), grouped(bytes)),
            digest: digest([&digests[..]]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interleave_protocol::Workload as Name;

    #[test]
    fn one_wrong_byte_is_noticed() {
        let spec = RunSpec { size: 3, tasks: 1, ..RunSpec::new(Name::Downloads, 2) };
        let downloads = Downloads::prepare(&spec).expect("small");
        for (wrong_file, wrong_byte) in [(0, 0), (1, 5000), (2, 8191)] {
            let mut part = Received::default();
            for file in 0..3 {
                let mut body = downloads::file(file);
                if file == wrong_file {
                    body[wrong_byte] ^= 1;
                }
                downloads.downloaded(0, file, &body, &mut part).expect("kept");
            }
            assert!(matches!(downloads.reduce(&[part]), Err(Failure::WrongResult { .. })));
        }
    }
}
