/**
 * The page may run its own script and style, known by their hashes, talk to this server, and nothing else; no other
 * site may frame it or read an answer (there is no CORS).
 */
import type { FastifyInstance } from 'fastify';
import type { Page } from './page.ts';

export function addSecurityHeaders(app: FastifyInstance, page: Page): void {
  const policy = [
    "default-src 'none'",
    `script-src '${page.scriptHash}'`,
    `style-src '${page.styleHash}'`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  app.addHook('onSend', (_, reply, payload, done) => {
    void reply.headers({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=()',
    });
    done(null, payload);
  });
}
