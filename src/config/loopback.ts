const loopbackHosts = ['127.0.0.1', 'localhost', '[::1]'];

/** What is sent there does not leave the machine. */
export function isLoopback(url: URL): boolean {
  return loopbackHosts.includes(url.hostname);
}
