// Command controlplane is etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and kubectl in one
// binary: `controlplane kube-apiserver --flag…`, or a link to it under the name of the command. It only dispatches to
// the upstream packages; each process sets up the chosen command alone, so that their global flags never meet.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	_ "time/tzdata" // time zones of CronJobs, as in the upstream binaries

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var commands = map[string]func(){
	"etcd":                    func() { etcdmain.Main(os.Args) },
	"kube-apiserver":          func() { os.Exit(cli.Run(apiserver.NewAPIServerCommand())) },
	"kube-controller-manager": func() { os.Exit(cli.Run(controllers.NewControllerManagerCommand())) },
	"kube-scheduler":          func() { os.Exit(cli.Run(scheduler.NewSchedulerCommand())) },
	"kubectl":                 runKubectl,
	"kwok":                    runKwok,
}

func main() {
	if run, ok := commands[filepath.Base(os.Args[0])]; ok {
		run()
		return
	}
	if len(os.Args) > 1 {
		if run, ok := commands[os.Args[1]]; ok {
			os.Args = os.Args[1:]
			run()
			return
		}
	}
	names := "etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, kwok"
	fmt.Fprintf(os.Stderr, "usage: controlplane COMMAND [FLAG]…  with COMMAND one of %s (got %q)\n", names, strings.Join(os.Args[1:], " "))
	os.Exit(2)
}

// runKubectl follows upstream's main: the verbosity is wanted before the command is built.
func runKubectl() {
	withoutGlobalFlags()
	_, _ = logs.GlogSetter(kubectl.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}

// withoutGlobalFlags hides the flags that the linked-in servers register for every process (--version above all):
// cobra would offer them in the commands that never meant to have them.
func withoutGlobalFlags() {
	pflag.CommandLine = pflag.NewFlagSet(os.Args[0], pflag.ExitOnError)
}
