/** Passwords that are made up for somebody, and the note that brings them. */

// Without letters and digits that look alike.
const LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LENGTH = 16;

/** 16 letters and digits, each as likely as any other (93 bits), in four groups to be read aloud. `fill` puts random bytes into an array. */
export function madeUpPassword(fill: (bytes: Uint8Array<ArrayBuffer>) => void = (bytes) => crypto.getRandomValues(bytes)): string {
  const bytes = new Uint8Array(64);
  let made = "";
  // Bytes beyond the last whole round would make the first letters likelier.
  const most = 256 - (256 % LETTERS.length);
  while (made.length < LENGTH) {
    fill(bytes);
    for (const byte of bytes) if (byte < most && made.length < LENGTH) made += LETTERS[byte % LETTERS.length];
  }
  return made.match(/.{4}/g)!.join("-");
}

/** What is handed to a new user. */
export function invitation(signIn: string, login: string, password: string): string {
  return `${signIn}\nName: ${login}\nPassword: ${password}`;
}
