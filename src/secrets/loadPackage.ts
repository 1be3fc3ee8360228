import { SecretError } from './secretError';

/** A vendor's client, which is installed only where it is used. Throws SecretError (refused), which says how to install it. */
export async function loadPackage<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new SecretError(
      'refused',
      `its client is not installed: run "npm install ${name}", or build the image with MANAGER_CLIENT=${name}`,
    );
  }
}
