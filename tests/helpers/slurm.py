"""A Slurm cluster with two nodes on this machine. All of its files are in one temporary folder."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

PROGRAMS = ('munged', 'slurmctld', 'slurmd')
SBIN = os.pathsep.join([os.environ['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin'])
# Each node reports all processors of the machine. Processes are tracked by their parents, without cgroups. A requeued
# job may start again after its credential has expired.
CONFIG = """
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge,cred_expire=30
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
MinJobAge=600
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=bf_interval=2,sched_interval=5
GresTypes=gpu
NodeName=node1 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[1]} {node}
NodeName=node2 NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[2]} {node}
PartitionName=main Nodes=node[1-2] Default=YES PriorityTier=1 GraceTime=20
PartitionName=urgent Nodes=node[1-2] PriorityTier=10
"""


def missing():
    """Return the reason why Slurm cannot be started on this machine.

    Returns:
        str: Reason, or an empty string if Slurm can be started.
    """
    absent = [program for program in PROGRAMS if not shutil.which(program, path=SBIN)]
    if absent:
        return f'no {", ".join(absent)}: apt-get install slurm-wlm munge'
    return '' if os.getuid() == 0 else 'Slurm has to be started by root'


@contextlib.contextmanager
def cluster(cpus=2, gpus=0):
    """Start Slurm, and stop it and all of its jobs at the end.

    Args:
        cpus (int): Number of processors per node. Defaults to 2.
        gpus (int): Number of GPUs that each node reports. Defaults to 0.

    Yields:
        dict[str, str]: Environment for the commands of Slurm.
    """
    # Not in pytest's folder: the path of a socket has at most 107 characters, and no spaces in Slurm's configuration.
    with TemporaryDirectory(prefix='slurm', dir='/tmp') as folder, contextlib.ExitStack() as daemons:
        folder = Path(folder)
        folder.chmod(0o755)  # munged requires this for its socket.
        node = f'CPUs={cpus} Boards=1 SocketsPerBoard=1 CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory=1000'
        node += f' Gres=gpu:{gpus}' * bool(gpus)
        config = CONFIG.format(ports=free_ports(3), user=getpass.getuser(), folder=folder, node=node)
        (folder / 'slurm.conf').write_text(config)
        for index in range(gpus):
            (folder / f'gpu{index}').touch()
        if gpus:
            (folder / 'gres.conf').write_text(f'NodeName=node[1-2] Name=gpu File={folder}/gpu[0-{gpus - 1}]')
        key = folder / 'key'
        key.touch(0o600)
        key.write_bytes(os.urandom(64))
        path = os.pathsep.join([os.path.dirname(sys.executable), SBIN])
        # Both nodes are this machine and have other names.
        env = dict(os.environ, PATH=path, SLURM_CONF=str(folder / 'slurm.conf'), MASTER_ADDR='127.0.0.1')
        files = [f'--{name}-file={folder}/munge.{name}' for name in ('log', 'pid', 'seed')]
        _start(daemons, folder, env, 'munged', '-F', f'--socket={folder}/munge', f'--key-file={key}', *files)
        _wait(lambda: (folder / 'munge').exists(), folder, 20)
        _start(daemons, folder, env, 'slurmctld', '-D')
        for name in ('node1', 'node2'):
            _start(daemons, folder, env, 'slurmd', '-D', '-N', name)
        _wait(lambda: run(env, 'sinfo', '--noheader', '--format=%t %D') == 'idle 2\n', folder, 60)
        try:
            yield env
        finally:
            subprocess.run(['scancel', '--user', getpass.getuser()], env=env, check=False)
            _wait(lambda: not run(env, 'squeue', '--noheader'), folder, 60)


def run(env, *command, check=True, **kwargs):
    """Run a command, and return its output and errors."""
    command = [str(part) for part in command]
    output = subprocess.PIPE
    process = subprocess.run(command, env=env, stdout=output, stderr=subprocess.STDOUT, text=True, **kwargs)
    assert not check or process.returncode == 0, f'{command}: {process.stdout[-3000:]}'
    return process.stdout


def job_state(env, job):
    """Return the state of a job, such as PENDING, COMPLETING or COMPLETED."""
    return run(env, 'squeue', '--noheader', '--states=all', f'--jobs={job}', '--format=%T').strip()


def _start(daemons, folder, env, *command):
    with open(folder / f'{command[0]} {command[-1][-5:]}.log'.replace('/', ' '), 'w') as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    daemons.callback(_stop, process)


def _stop(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(condition, folder, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        logs = '\n'.join(log.read_text()[-1000:] for log in folder.glob('*.log'))
        assert time.monotonic() < deadline, f'Slurm did not start, or end its jobs:\n{logs}'
        time.sleep(0.2)


def free_ports(count):
    """Return ports that no process uses at present."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind(('127.0.0.1', 0))
        return [free.getsockname()[1] for free in sockets]
