/** The ways in which a store, or the network before it, fails; `faulty-proxy.ts` does them. */
export const storeFaults = [
  /** 500 InternalError, without having done anything. */
  'error-500',
  /** 503 SlowDown, as S3 asks for a lower rate. */
  'slow-down',
  /** Bytes trickle, in both directions. */
  'trickle',
  /** The connection is reset while the request's body is sent. */
  'reset-request',
  /** The connection is reset while the answer's body comes. */
  'reset-response',
  /** The server does it all, and the answer is lost: the client cannot know. */
  'lost-answer',
  /** Neither an answer nor an end, as behind a firewall that drops packets. */
  'hang',
] as const;

export type StoreFault = (typeof storeFaults)[number];
