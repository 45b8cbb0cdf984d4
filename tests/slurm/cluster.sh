# shellcheck shell=bash
# A Slurm cluster of one node on this machine, in a temporary directory: own munged, slurmctld and slurmd, own ports,
# no cgroups, no systemd. To be sourced; `start_cluster DIRECTORY` starts it, `stop_cluster` ends it in every case.

cluster_pids=()

# Two free TCP ports.
free_ports() {
  /usr/bin/python3 -c 'import socket
sockets = [socket.socket() for _ in range(2)]
for each in sockets: each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))'
}

write_slurm_conf() {
  local directory="$1" node user controller_port node_port
  node="$(hostname -s)"
  user="$(id -un)"
  read -r controller_port node_port < <(free_ports)
  cat >"$directory/slurm.conf" <<EOF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$controller_port
SlurmdPort=$node_port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$directory/munge/socket
CredType=cred/munge
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/spool
SlurmctldPidFile=$directory/slurmctld.pid
SlurmdPidFile=$directory/slurmd.pid
SlurmctldLogFile=$directory/slurmctld.log
SlurmdLogFile=$directory/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
EOF
  echo "CgroupPlugin=autodetect" >"$directory/cgroup.conf"
}

# start_cluster DIRECTORY: returns when the node takes jobs.
start_cluster() {
  local directory="$1" daemon
  for daemon in munged slurmctld slurmd sbatch; do
    PATH="$PATH:/usr/sbin" command -v "$daemon" >/dev/null || {
      echo "there is no $daemon; expected the Debian packages slurm-wlm and munge" >&2
      return 2
    }
  done
  mkdir -p "$directory"/{munge,state,spool}
  chmod 0700 "$directory/munge"
  (umask 077 && head -c 1024 /dev/urandom >"$directory/munge/key")
  write_slurm_conf "$directory"
  export SLURM_CONF="$directory/slurm.conf"
  /usr/sbin/munged --foreground --force --key-file="$directory/munge/key" --socket="$directory/munge/socket" \
    --pid-file="$directory/munge/pid" --log-file="$directory/munge/log" --seed-file="$directory/munge/seed" \
    >"$directory/munged.out" 2>&1 &
  cluster_pids+=("$!")
  wait_until 10 test -S "$directory/munge/socket"
  /usr/sbin/slurmctld -D -f "$SLURM_CONF" >"$directory/slurmctld.out" 2>&1 &
  cluster_pids+=("$!")
  /usr/sbin/slurmd -D -f "$SLURM_CONF" >"$directory/slurmd.out" 2>&1 &
  cluster_pids+=("$!")
  wait_until 30 node_is_idle
}

node_is_idle() { [[ "$(sinfo --noheader --format=%T 2>/dev/null)" == idle ]]; }

# wait_until SECONDS COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || {
      echo "not within the time: $*" >&2
      return 1
    }
    sleep 0.2
  done
}

no_jobs() { [[ -z "$(squeue --noheader 2>/dev/null)" ]]; }

# Jobs first, while there is someone to end them; then the daemons, the last first.
stop_cluster() {
  local i pid
  if [[ -n "${SLURM_CONF:-}" ]] && ! no_jobs; then
    for pid in $(scontrol listpids 2>/dev/null | awk '$1 ~ /^[0-9]+$/ {print $1}'); do
      kill -KILL "$pid" 2>/dev/null || true
    done
    scancel --quiet --user="$(id -un)" 2>/dev/null || true
    wait_until 10 no_jobs || true
  fi
  for ((i = ${#cluster_pids[@]} - 1; i >= 0; i--)); do
    pid="${cluster_pids[i]}"
    kill "$pid" 2>/dev/null || continue
    for _ in {1..50}; do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  cluster_pids=()
}
