"""Methods and inheritance: a shop whose desks pass customers on."""

from collections import deque


class Desk:
    def __init__(self, name, after):
        self.name, self.after, self.line, self.served = name, after, deque(), 0

    def take(self, customer):
        self.line.append(customer)

    def serve(self):
        if not self.line:
            return None
        customer = self.line.popleft()
        self.served += 1
        self.handle(customer)
        return self.after(customer)

    def handle(self, customer):
        raise NotImplementedError


class Cashier(Desk):
    def handle(self, customer):
        customer.paid += customer.wants * 3


class Kitchen(Desk):
    def handle(self, customer):
        customer.wants -= 1


class Customer:
    def __init__(self, number):
        self.number, self.wants, self.paid = number, number % 5 + 1, 0


def main():
    left = []
    kitchen = Kitchen("kitchen", lambda customer: cashier if customer.wants else left.append(customer))
    cashier = Cashier("cashier", lambda customer: kitchen)
    for number in range(2_000):
        cashier.take(Customer(number))
    while cashier.line or kitchen.line:
        for desk in (cashier, kitchen):
            if desk.line:
                customer = desk.line[0]
                following = desk.serve()
                if following:
                    following.take(customer)
    return len(left), sum(customer.paid for customer in left), cashier.served
