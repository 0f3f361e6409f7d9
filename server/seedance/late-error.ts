import type { TaskSettings } from './create-request.ts';
import type { ArkCode } from './errors.ts';

/**
 * What only shows while a task of 2.5 runs, and makes it fail (reference, section 2.3), as far as the request tells it: what the
 * prompt asks for is the model's to find out.
 *
 * @returns the code of its failure; undefined when nothing is wrong
 */
export function findLateError(settings: TaskSettings): ArkCode | undefined {
  const { model, mode, ratio, length, omniTask = 'auto', referenceVideos } = settings;
  if (!model.hasOmniTasks) return undefined;
  const adaptive = ratio === 'adaptive';
  const chosenByModel = 'seconds' in length && length.seconds === -1;
  if ((mode === 'i2v' || mode === 'flf2v') && !adaptive) return 'InvalidParameter.TaskTypeConstraint';
  if (omniTask === 'edit' && !(adaptive && chosenByModel)) return 'InvalidParameter.TaskTypeConstraint';
  if ((omniTask === 'edit' || omniTask === 'extend') && referenceVideos === 0)
    return 'InvalidParameter.TaskTypeMismatch';
  return omniTask === 'reference' && mode !== 'r2v' ? 'InvalidParameter.TaskTypeMismatch' : undefined;
}
