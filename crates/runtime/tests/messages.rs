//! Processes that share no memory at all and exchange messages, which they await: a page that is not isolated has these.

mod place;

use interleave_runtime::multiprocessing::messages::{self, Child, Hub, Queue};
use interleave_runtime::multiprocessing::{ExitCode, ProcessError};
use interleave_runtime::processes::set_main;
use interleave_runtime::span::Title;

/// A hub whose processes do what their first message says.
fn hub() -> Hub {
    set_main(|mut mailbox, parent| {
        Box::pin(async move {
            let first = mailbox.receive().await.head;
            messages::run(mailbox, parent, &first).await;
        })
    });
    Hub::default()
}

async fn multiplies(mut child: Child) -> Result<(), ProcessError> {
    let factor: u32 = child.argument()?;
    while let Some(number) = child.receive::<u32>().await? {
        child.send(&(number * factor))?;
    }
    Ok(())
}

/// Squares what it gets until that is 0.
async fn squares(mut child: Child) -> Result<(), ProcessError> {
    let (tasks, results): (Queue<u32>, Queue<u32>) = child.argument()?;
    loop {
        match child.get(&tasks).await? {
            0 => return Ok(()),
            task => child.put(&results, &(task * task))?,
        }
    }
}

#[test]
fn a_process_answers_until_its_pipe_is_closed() {
    place::to_its_end(async {
        let mut hub = hub();
        let other =
            hub.start(Title::new("multiplies"), |child| Box::pin(multiplies(child)), &3_u32).expect("a process");
        for number in [1, 5, 7] {
            hub.send(other, &number).expect("it is open");
            assert_eq!(hub.receive::<u32>(other).await, Ok(Some(number * 3)));
        }
        hub.close(other).expect("it is open");
        assert_eq!(hub.join(other).await, Ok(ExitCode::WELL));
    });
}

#[test]
fn several_processes_share_a_queue() {
    place::to_its_end(async {
        let mut hub = hub();
        let (tasks, results) = (hub.queue::<u32>(), hub.queue::<u32>());
        let workers = [1, 2].map(|n| {
            let title = Title::numbered("worker", n);
            hub.start(title, |child| Box::pin(squares(child)), &(tasks.clone(), results.clone())).expect("a process")
        });
        for task in (1..=20).chain([0, 0]) {
            hub.put(&tasks, &task).expect("it is open");
        }
        let mut sum = 0;
        for _ in 0..20 {
            sum += hub.get(&results).await.expect("a result");
        }
        assert_eq!(sum, 2870);
        for worker in workers {
            assert_eq!(hub.join(worker).await, Ok(ExitCode::WELL));
        }
    });
}
