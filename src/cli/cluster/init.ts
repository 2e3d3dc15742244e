/** `vmft init`: the key and the configuration of a cluster on several machines. */
import { OperatingError } from '../../base/errors.ts';
import { parseAddress } from '../../host/address.ts';
import {
  type ClusterConfiguration,
  configurationText,
  type EngineOptions,
  parseConfiguration,
  parseEngines,
} from './configuration.ts';
import { ClusterDirectory } from './directory.ts';

/** The options of `vmft init`, as commander parses them. */
export interface InitOptions extends EngineOptions {
  dir: string;
  storage?: string;
  switch: string;
  host: string[];
}

export async function init({ dir, host, ...services }: InitOptions): Promise<number> {
  const hosts = host.map((text) => {
    const [, name = '', address = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === '')
      throw new OperatingError(`--host ${text}: write NAME=ADDRESS:PORT, like a=10.0.0.1:7100`);
    return { name, domain: name, ...parseAddress(address, '--host') };
  });
  const names = hosts.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new OperatingError(`--host ${twice}: given twice; each host needs a name of its own`);
  const engines = parseEngines(services, names);
  if (services.storage === undefined && !engines.etcd)
    throw new OperatingError(
      '--storage ADDRESS:PORT is missing: where `vmft storage` will listen; or give --store etcd:…',
    );
  const configuration: ClusterConfiguration = {
    storage: services.storage === undefined ? undefined : parseAddress(services.storage, '--storage'),
    ...{ engines, switch: parseAddress(services.switch, '--switch'), hosts, networks: [] },
  };
  // What is written must be readable.
  parseConfiguration('the configuration', configurationText(configuration));
  await new ClusterDirectory(dir).create(configuration);
  process.stdout.write(`${dir} has the key and the configuration: copy it to each machine of the cluster\n`);
  return 0;
}
