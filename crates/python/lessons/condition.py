"""Customers wait until there is enough for them: watch them look and sleep again."""

import threading
import time

CUSTOMERS = 3
PAYMENT = 75
PAUSE = 0.03


class Account:
    def __init__(self):
        self.balance = 0
        self.paid_in = threading.Condition()

    def pay(self, coins):
        with self.paid_in:
            self.balance += coins
            self.paid_in.notify_all()

    def take(self, customer, coins):
        looks = 1
        with self.paid_in:
            while self.balance < coins:
                self.paid_in.wait()
                looks += 1
            self.balance -= coins
        print(f"Customer {customer} takes {coins}, after {looks} looks")


account = Account()
prices = [100 * number for number in range(1, CUSTOMERS + 1)]
customers = [
    threading.Thread(
        target=account.take, args=(number, price), name=f"customer {number}"
    )
    for number, price in enumerate(prices, 1)
]
for customer in customers:
    customer.start()
for _ in range(0, sum(prices), PAYMENT):
    time.sleep(PAUSE)
    account.pay(PAYMENT)
for customer in customers:
    customer.join()
print(f"{sum(prices)} coins taken, {account.balance} left")
