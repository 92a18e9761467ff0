/** Set-up failures whose message is all that a user needs: no stack trace is shown for them. */
export class SetupError extends Error {}
