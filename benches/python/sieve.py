"""Large lists: primes by striking out, sorted by their digits."""


def main():
    most = 60_000
    is_prime = [True] * most
    is_prime[0] = is_prime[1] = False
    for n in range(2, int(most**0.5) + 1):
        if is_prime[n]:
            for multiple in range(n * n, most, n):
                is_prime[multiple] = False
    primes = [n for n, prime in enumerate(is_prime) if prime]
    primes.sort(key=lambda n: (n % 100, -n))
    return len(primes), primes[0], primes[-1]
