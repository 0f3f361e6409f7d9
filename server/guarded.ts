/**
 * Wraps what a socket, a stream or a timer calls, so that an error in it goes to `onError` and no further: what is thrown
 * there ends the process, and so does a rejected promise that nothing handles.
 *
 * @param onError takes what `run` throws, or what the promise that it returns is rejected with; it must not throw
 */
export function guarded<Given extends readonly unknown[]>(
  onError: (error: unknown) => void,
  run: (...given: Given) => unknown,
): (...given: Given) => void {
  return (...given) => {
    try {
      const result = run(...given);
      if (result instanceof Promise) result.catch(onError);
    } catch (error) {
      onError(error);
    }
  };
}
