/** Addresses that hold a secret: told before they are kept, and masked before they are shown. */

/** Parameters that let in whoever knows them: signatures of S3, CloudFront, Google and Azure, tokens, keys. */
const SECRET_PARAMETER = /signature|token|secret|passw|credential|api[-_]?key|^(sig|key|auth)$/i;
const USER = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i;

/** What is secret in an address, in words; `undefined` when nothing seems to be. Any text will do. */
export function secretInUrl(url: string): string | undefined {
  if (USER.test(url)) return 'a user or password before the @';
  const [, query = ''] = url.split('?', 2);
  const name = [...new URLSearchParams(query).keys()].find((key) => SECRET_PARAMETER.test(key));
  return name === undefined ? undefined : `the parameter "${name}"`;
}

/** A text, perhaps with addresses in it, without user, password and the values of parameters. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^/?#@\s"]*@/gi, '$1…@')
    .replace(/([?&][^=&\s"]+=)[^&\s"#]+/g, '$1…');
}
