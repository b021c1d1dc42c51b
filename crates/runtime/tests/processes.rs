//! Processes: messages go both ways, are counted in bytes, and are all that the two sides share.

mod recorded;

use interleave_runtime::processes::{Mailbox, Packet, Peer, set_main, spawn};
use interleave_runtime::span::Title;
use interleave_trace::{What, intern, record};
use recorded::recorded;

/// Sends every message back turned around, until an empty one comes.
async fn mirror(mut mailbox: Mailbox, parent: Peer) {
    loop {
        let mut payload = mailbox.receive().await.payload.into_bytes();
        if payload.is_empty() {
            break parent.send_last(intern("goodbye"), &[]);
        }
        payload.reverse();
        parent.send(intern("mirrored"), &[], &payload);
    }
}

#[test]
fn messages_go_both_ways_in_order_and_are_told_apart() {
    set_main(|mailbox, parent| Box::pin(mirror(mailbox, parent)));
    let lanes = recorded(|| async {
        let mut mailbox = Mailbox::default();
        let all = [0, 1].map(|n| spawn(n, Title::numbered("process", n + 1), &mailbox));
        for (n, process) in all.iter().enumerate() {
            for message in 0..3u8 {
                process.peer.send(intern("question"), &[], &[n as u8, message]);
            }
        }
        let mut answers = [Vec::new(), Vec::new()];
        for _ in 0..6 {
            let Packet { from, payload, .. } = mailbox.receive().await;
            answers[from as usize].push(payload.into_bytes());
        }
        assert_eq!(answers[0], [[0, 0], [1, 0], [2, 0]]);
        assert_eq!(answers[1], [[0, 1], [1, 1], [2, 1]]);
        for process in &all {
            process.peer.send(intern("end"), &[], &[]);
        }
        for _ in 0..2 {
            let Packet { from, payload, .. } = mailbox.receive().await;
            assert_eq!(payload.into_bytes(), []);
            record(What::Joined { child: all[from as usize].lane });
        }
    });
    let process = &lanes[1];
    assert!(process.starts_with("process 1: process | started | "), "{process}");
    assert!(process.ends_with("received 0 B | sent goodbye 0 B | completed"), "{process}");
    assert_eq!(process.matches("received 2 B | sent mirrored 2 B").count(), 3, "{process}");
}
