/** Why a password is not taken, in words for its person. */
export function passwordWords(detail: string | undefined): string {
  const least = /at least (\d+)/.exec(detail ?? '')?.[1];
  if (least !== undefined) return `At least ${least} characters.`;
  if (detail?.includes('again and again') === true)
    return 'This repeats the same few characters. Choose something else.';
  if (detail?.includes('second factor') === true)
    return 'Your password is short: without a second factor or a passkey it has to have 12 characters. Change it first.';
  return 'This is one of the first that a guesser would try. Choose something else.';
}
