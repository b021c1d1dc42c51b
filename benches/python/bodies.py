"""Floating-point arithmetic and attributes: bodies that pull at each other."""


class Body:
    def __init__(self, x, y, z, mass):
        self.x, self.y, self.z, self.mass = x, y, z, mass
        self.vx = self.vy = self.vz = 0.0


def advance(bodies, dt):
    for at, one in enumerate(bodies):
        for other in bodies[at + 1:]:
            dx, dy, dz = one.x - other.x, one.y - other.y, one.z - other.z
            pull = dt / (dx * dx + dy * dy + dz * dz + 0.01) ** 1.5
            one.vx -= dx * other.mass * pull
            one.vy -= dy * other.mass * pull
            one.vz -= dz * other.mass * pull
            other.vx += dx * one.mass * pull
            other.vy += dy * one.mass * pull
            other.vz += dz * one.mass * pull
    for body in bodies:
        body.x += dt * body.vx
        body.y += dt * body.vy
        body.z += dt * body.vz


def main():
    bodies = [Body(n * 1.5, n % 3 - 1.0, n % 2 * 0.5, 1.0 + n) for n in range(5)]
    for _ in range(600):
        advance(bodies, 0.001)
    return round(sum(body.x + body.y + body.z for body in bodies), 6)
