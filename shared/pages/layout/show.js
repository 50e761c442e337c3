document.querySelectorAll("[data-show]").forEach(function(b){
var i=document.getElementById(b.dataset.show),t=b.firstChild,show=t.textContent
b.hidden=false
b.onclick=function(){var on=i.type=="password";i.type=on?"text":"password";t.textContent=on?b.dataset.hide:show}
if(i.form)i.form.addEventListener("submit",function(){i.type="password"})
})
