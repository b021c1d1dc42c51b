//! What goes wrong on purpose: all tasks compute, and the middle one has an accident in its second half.

use std::hint::black_box;

use interleave_protocol::{Failure, RunSpec, Workload as Name};

use super::generator::{advance, jump, seed};
use super::{Cut, compute, digest, grouped, wrong};
use crate::workload::{Answer, Message, Step, Workload, share};

/// What happens, and what its run is called.
#[derive(Clone, Copy)]
enum Mishap {
    Panic,
    Trap,
    Memory,
    Endless,
}

impl Mishap {
    fn of(name: Name) -> Self {
        match name {
            Name::Trap => Self::Trap,
            Name::Memory => Self::Memory,
            Name::Endless => Self::Endless,
            _ => Self::Panic,
        }
    }

    /// Does it. Coming back from it would be wrong, but is no harm.
    fn strike(self) {
        match self {
            Self::Panic => panic!("this task panics on purpose"),
            Self::Trap => trap(),
            Self::Memory => hoard(),
            Self::Endless => hang(),
        }
    }
}

fn trap() {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    panic!("this task would trap in WebAssembly");
}

fn hoard() {
    const BLOCK: usize = 1 << 20;
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; BLOCK]));
        // A machine's memory is not an instance's: there it would hurt others.
        if cfg!(not(target_arch = "wasm32")) && hoard.len() == 64 {
            panic!("this task would use up an instance's memory");
        }
    }
}

fn hang() {
    let mut x = seed(0);
    while black_box(x) != 0 {
        x = advance(x, 1);
    }
}

/// See the module's text.
pub struct Accident {
    cut: Cut,
    thousand_steps: u32,
    mishap: Mishap,
}

impl Accident {
    fn is_struck(&self, task: u32, piece: u32) -> bool {
        task == self.cut.tasks / 2 && piece == Cut::PIECES / 2
    }
}

impl Workload for Accident {
    type Part = u32;
    const TASK: &'static str = "task";

    fn prepare(spec: &RunSpec) -> Result<Self, Failure> {
        let cut = Cut { items: spec.tasks, tasks: spec.tasks };
        Ok(Self { cut, thousand_steps: spec.size, mishap: Mishap::of(spec.workload) })
    }

    fn steps(&self, _task: u32) -> Vec<Step> {
        compute(Cut::PIECES)
    }

    fn compute(&self, task: u32, piece: u32, part: &mut u32) {
        if self.is_struck(task, piece) {
            self.mishap.strike();
        }
        let from = if piece == 0 { seed(task) } else { *part };
        *part = advance(from, share(self.thousand_steps, piece, Cut::PIECES).len() as u32);
    }

    fn reduce(&self, parts: &[u32]) -> Result<Answer, Failure> {
        for (task, part) in self.cut.with(parts)? {
            let right = jump(seed(task.start), self.thousand_steps);
            if *part != right {
                return Err(wrong(format!("task {} gave {part} instead of {right}", task.start)));
            }
        }
        Ok(Answer {
            passed: true,
            summary: format!("{} tasks, and no accident", grouped(self.cut.tasks)),
            digest: digest([&parts.to_vec().to_bytes()[..]]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: Name, tasks: u32, struck: u32) {
        let spec = RunSpec { size: 8, tasks, ..RunSpec::new(name, 2) };
        let accident = Accident::prepare(&spec).expect("small");
        for task in 0..tasks {
            let mut part = 0;
            let mut reached = 0;
            let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                for step in accident.steps(task) {
                    let Step::Compute { piece } = step else { panic!("{step:?}") };
                    accident.compute(task, piece, &mut part);
                    reached = piece + 1;
                }
            }));
            assert_eq!((end.is_err(), reached), if task == struck { (true, 4) } else { (false, 8) }, "task {task}");
        }
    }

    #[test]
    fn only_the_middle_task_is_struck_and_in_its_second_half() {
        run(Name::Panic, 1, 0);
        run(Name::Panic, 4, 2);
        run(Name::Trap, 5, 2);
        run(Name::Memory, 3, 1);
    }
}
