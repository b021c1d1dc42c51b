//! Customers wait until there is enough on an account. Each payment may be enough for one of them, or for none.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Outcome, RunSpec, counted, say};
use interleave_runtime::sync::{Condition, Mutex, thread};

struct Account {
    balance: Mutex<u32>,
    paid_in: Condition,
}

pub fn run(spec: &RunSpec) -> Outcome {
    let (payment, pause) = (spec.size, Duration::from_millis(spec.latency_ms.into()));
    let balance = Mutex::new("account", 0);
    let paid_in = Condition::new("paid in", &balance);
    let account = Arc::new(Account { balance, paid_in });

    // Customer 1 wants 100, customer 2 wants 200, and so on.
    let customers: Vec<_> = (1..=spec.tasks)
        .map(|number| {
            let (account, price) = (account.clone(), 100 * number);
            thread::spawn(("customer", number), move || {
                let balance = account.balance.lock()?;
                let mut balance = account.paid_in.wait_for(balance, |balance| *balance >= price)?;
                *balance -= price;
                say(format!("customer {number} takes {price}, {} left", *balance));
                Ok(price)
            })
        })
        .collect();

    let wanted: u32 = (1..=spec.tasks).map(|number| 100 * number).sum();
    let mut paid = 0;
    while paid < wanted {
        thread::sleep(pause)?;
        let part = payment.min(wanted - paid);
        let mut balance = account.balance.lock()?;
        *balance += part;
        paid += part;
        // All look again: which of them it is enough for, only they know.
        account.paid_in.notify_all()?;
    }

    let mut taken = 0;
    for customer in customers {
        taken += customer.join()?;
    }
    let left = *account.balance.lock()?;
    Ok(Answer::new(
        taken == paid && left == 0,
        format!("{paid} paid in, {taken} taken by {}", counted(spec.tasks, "customer")),
    ))
}
