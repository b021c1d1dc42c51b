//! The programs that tests run in browsers hold natively too.

use interleave_engine::native::run_natively;
use interleave_protocol::{RunSpec, Workload};

#[test]
fn everything_between_processes_holds() {
    let spec = RunSpec { record: false, ..RunSpec::new(Workload::ProofOfProcesses, 2) };
    let answer = run_natively(spec).0.expect("it runs to its end");
    assert_eq!((answer.passed, answer.summary.as_str()), (true, "everything between processes holds"));
}
