/** When the newest of these was raised. */
export const latestOf = (alarms: readonly { raisedAt: string }[]): string | undefined => alarms.map((a) => a.raisedAt).sort().at(-1);

/** Whether somebody has pressed anything on this page yet: before that a browser gives no sound. */
export const mayRing = (): boolean => (navigator as { userActivation?: { hasBeenActive: boolean } }).userActivation?.hasBeenActive ?? true;

/** Short tones, one a half second. A browser that wants a click before the first sound stays silent. */
export function ring(times: number): void {
  const sound = new AudioContext();
  if (sound.state !== 'running') {
    void sound.close();
    return;
  }

  for (let n = 0; n < times; n++) {
    const at = sound.currentTime + n * 0.5;
    const [tone, loud] = [sound.createOscillator(), sound.createGain()];
    tone.frequency.value = 880;
    loud.gain.setValueAtTime(0.2, at);
    loud.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
    tone.connect(loud).connect(sound.destination);
    tone.start(at);
    tone.stop(at + 0.35);
  }

  setTimeout(() => void sound.close(), times * 500 + 500);
}
